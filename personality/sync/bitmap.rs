// SPDX-License-Identifier: GPL-2.0

//! What a sync asks of the bitmap, and tells it.

use crate::{
    logic::{
        range::SectorRange,
        sync_plan::Plan, //
    },
    personality::conf::Conf,
};

/// What the bitmap says about `sector`, and for how many sectors it goes on saying so, up to the
/// end of the unit.
pub fn chunks_alike(conf: &Conf, sector: u64, max_sector: u64) -> (bool, u64) {
    let bitmap = conf.mddev().bitmap();
    let end = SectorRange::new(sector, u64::MAX)
        .first_unit()
        .end()
        .min(max_sector);
    let first = bitmap.needs_sync(sector);
    let mut sectors = first.sectors.max(1);
    while sector.saturating_add(sectors) < end {
        let next = bitmap.needs_sync(sector.saturating_add(sectors));
        if next.needed != first.needed {
            break;
        }
        sectors = sectors.saturating_add(next.sectors.max(1));
    }
    (first.needed, sectors)
}

/// Marks what the plan covers as being synced. With `renews` a member is to get all of the data:
/// what the bitmap says may be what another one lacks, whose place it took.
pub fn begin(conf: &Conf, plan: &Plan, renews: bool) {
    let bitmap = conf.mddev().bitmap();
    let mut at = plan.range.start();
    while at < plan.range.end() {
        let chunk = bitmap.start_sync(at, plan.still_degraded);
        if chunk.needed && !plan.still_degraded && renews {
            conf.departed.distrust_all(conf.mddev().events());
        }
        at = at.saturating_add(chunk.sectors.max(1));
    }
}

/// What was marked as being synced isn't: it's still to be done.
///
/// Context: any.
pub fn abandon(conf: &Conf, range: SectorRange) {
    let bitmap = conf.mddev().bitmap();
    if !bitmap.enabled(false) {
        return;
    }
    let mut at = range.start();
    while at < range.end() {
        at = at.saturating_add(bitmap.end_sync(at).max(1));
    }
}

/// Tells the bitmap that the sync is over.
pub fn close(conf: &Conf, max_sector: u64, begun: u64) {
    let mddev = conf.mddev();
    let at = mddev.curr_resync();
    if at < max_sector {
        // Interrupted: what was begun there isn't done, or not all of it.
        abandon(
            conf,
            SectorRange::between(at, begun.max(at.saturating_add(1))),
        );
    }
    mddev.bitmap().close_sync();
}
