// SPDX-License-Identifier: GPL-2.0

//! What requests wait for, and who does it: the array's daemon, and whoever freezes the gate, since
//! what a freeze waits for may be in the daemon's lists.

use super::{
    behind,
    conf::Conf,
    pending,
    read,
    sync,
    write_error, //
};
use crate::abstractions::{
    cond_resched,
    seconds, //
};

/// Who does the daemon's job.
pub enum Servant {
    /// The daemon, which alone writes the metadata. And when it last did, in the midst of other
    /// work.
    Daemon(Option<u64>),
    /// Who freezes the gate.
    Freezer,
}

impl Conf {
    /// Whether there is something for the daemon to do that requests wait for.
    pub fn wants_service(&self) -> bool {
        // One lock at a time: in one expression they would be held until its end.
        let writes_pend = !self.pending_writes.lock().is_empty();
        let writes_failed = !self.failed_writes.lock().is_empty();
        let reads_failed = !self.failed_reads.lock().is_empty();
        writes_pend || writes_failed || reads_failed || self.order.is_due()
    }

    /// Has md do what it does in the daemon: write the metadata, start and end syncs, take out what
    /// has failed.
    ///
    /// Context: the daemon; may sleep.
    pub fn check_recovery(&self) {
        sync::unfinished::forget_rest(self);
        self.repairs.forget_failed();
        self.try_to_record(|| self.mddev().check_recovery());
    }

    /// Does what requests wait for: writes the bitmap for pending writes and submits them, sends
    /// failed reads to another leg, and looks after failed writes.
    ///
    /// Context: may sleep.
    pub fn service(&self, mut servant: Servant) {
        self.flush_pending();
        self.send_failed_reads();
        // What comes meanwhile has to wait for its turn: the daemon has the metadata to write, too.
        let failed_writes = self.failed_writes.lock().take_all();
        for failed in failed_writes {
            write_error::settle(failed, &mut servant);
            self.flush_pending();
            self.send_failed_reads();
            cond_resched();
        }
        if self.wants_service() {
            self.mddev().wake_daemon();
        }
    }

    fn send_failed_reads(&self) {
        let failed_reads = self.failed_reads.lock().take_all();
        for failed in failed_reads {
            read::go_on(failed);
            self.flush_pending();
            cond_resched();
        }
    }

    fn flush_pending(&self) {
        let mut pending = self.pending_writes.lock().take_all();
        let (mut writes, mut reads) = self.order.take_due();
        pending.append(&mut writes);
        self.failed_reads.lock().append(&mut reads);
        behind::answer_late(self);
        pending::flush(self, pending);
    }

    /// Lets no request in, and waits until those that are in have ended.
    ///
    /// Context: may sleep; the caller holds no pass.
    pub fn freeze(&self) {
        self.gate
            .freeze(|| self.wants_service(), || self.service(Servant::Freezer));
    }

    /// Takes one [`Self::freeze`] back.
    ///
    /// Context: may sleep; not necessarily the task that froze.
    pub fn thaw(&self) {
        self.gate.thaw();
    }

    /// Tells the daemon, and who may be waiting for it, that there is something in the lists.
    ///
    /// Context: any.
    pub fn call_daemon(&self) {
        self.gate.call_for_help();
        self.mddev().wake_daemon();
    }
}

impl Servant {
    /// Lets others on in the midst of what may take minutes, each attempt at a bad sector being one
    /// of seconds: requests that need nothing of the leg in question; and now and then the
    /// metadata. A dead leg fails when its superblock is written, which ends the matter.
    ///
    /// Context: may sleep.
    pub fn pause(&mut self, conf: &Conf) {
        conf.flush_pending();
        conf.send_failed_reads();
        if let Self::Daemon(last) = self {
            let now = Some(seconds());
            if *last != now {
                *last = now;
                conf.check_recovery();
                write_error::end_recorded(conf);
            }
        }
        cond_resched();
    }
}
