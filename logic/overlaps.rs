// SPDX-License-Identifier: GPL-2.0

//! The order of writes that overlap each other.
//!
//! Writes register as they come. A write is *ready* when no write that came before it and overlaps
//! it is registered any more; whoever sends it only then keeps, on each leg, the order in which
//! overlapping writes came. It waits for every such write, not for the first one that is found, and
//! for none that came later: the order is total, so there is no circle of waiting.
//!
//! The state is plain data in memory that the caller provides, under ONE lock of the caller.
//! Nothing is allocated: who finds all nodes taken provides [more](Overlaps::grow), or has to come
//! again.

use core::{
    mem::replace,
    ops::DerefMut, //
};

use super::range::SectorRange;

/// The number of nodes that an array has at first.
pub const FIRST_NODES: usize = 32;

/// The number of nodes that it may get when these don't suffice: so many writes can be registered
/// at a time.
pub const NODES: usize = 1024;

/// The number of a node, or [`NONE`].
type Link = u16;

const NONE: Link = Link::MAX;

/// Memory for one registered write.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    range: SectorRange,
    /// The neighbours in the order in which the writes came; in a free node, `later` is the next
    /// free one.
    earlier: Link,
    later: Link,
    /// How many earlier writes are registered that overlap this one.
    waits_for: Link,
    /// Its sender may have been answered, though the write goes on.
    behind: bool,
}

impl Node {
    /// Unused memory.
    pub const FREE: Node = Node {
        range: SectorRange::new(0, 0),
        earlier: NONE,
        later: NONE,
        waits_for: 0,
        behind: false,
    };
}

/// Which registered write is meant. What it says is true until the registration ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(Link);

/// A registration; to be given to [`Overlaps::end`].
#[must_use = "a registration that is lost holds up what overlaps it for ever"]
#[derive(Debug, PartialEq, Eq)]
pub struct Registration(Link);

impl Registration {
    /// Which write is meant.
    #[inline]
    pub fn place(&self) -> Place {
        Place(self.0)
    }
}

/// The registered writes, in nodes of memory that `M` owns or borrows.
///
/// # Invariants
///
/// `first` and each node's `later` lead through the registered writes in the order in which they
/// came, `last` and `earlier` through the same in reverse; `free` and `later` lead through the
/// nodes below `used` that are not registered. `behind` is the number of registered nodes with that
/// flag.
pub struct Overlaps<M> {
    nodes: M,
    first: Link,
    last: Link,
    free: Link,
    /// Nodes from here on were never used.
    used: Link,
    behind: usize,
}

impl<M: DerefMut<Target = [Node]>> Overlaps<M> {
    /// No writes; `nodes` are [`Node::FREE`]. No more than [`NODES`] are of use.
    pub fn new(nodes: M) -> Self {
        const { assert!(NODES < NONE as usize) };
        // INVARIANT: Both lists are empty.
        Overlaps {
            nodes,
            first: NONE,
            last: NONE,
            free: NONE,
            used: 0,
            behind: 0,
        }
    }

    /// A write comes. [`None`]: all nodes are taken, and nothing has changed.
    pub fn register(&mut self, range: SectorRange) -> Option<Registration> {
        let link = self.take_node()?;
        let waits_for = self
            .from(self.first)
            .filter(|(_, node)| node.range.overlaps(&range))
            // At most as many as there are nodes; `count()` would link in a panic.
            .fold(0, |count: Link, _| count.saturating_add(1));
        let last = self.last;
        *self.node(link)? = Node {
            range,
            earlier: last,
            later: NONE,
            waits_for,
            behind: false,
        };
        match self.node(last) {
            Some(before) => before.later = link,
            None => self.first = link,
        }
        self.last = link;
        Some(Registration(link))
    }

    /// How many nodes there are.
    pub fn capacity(&self) -> usize {
        self.nodes.len().min(NODES)
    }

    /// Goes over to `larger` memory, whose nodes are [`Node::FREE`], and returns the memory that is
    /// of no use any more: what it was before, or `larger` if that isn't. Nothing else changes.
    pub fn grow(&mut self, mut larger: M) -> M {
        if larger.len() <= self.nodes.len() {
            return larger;
        }
        for (to, from) in larger.iter_mut().zip(self.nodes.iter()) {
            *to = *from;
        }
        // INVARIANT: A node is known by its number, which is the same as before.
        replace(&mut self.nodes, larger)
    }

    /// Whether no earlier write that overlaps it is registered.
    pub fn is_ready(&self, place: Place) -> bool {
        self.get(place.0).is_none_or(|node| node.waits_for == 0)
    }

    /// A write has ended. Tells whether another one has become ready.
    pub fn end(&mut self, registration: Registration) -> bool {
        let link = registration.0;
        let Some(ended) = self.get(link).copied() else {
            return false;
        };
        let mut ready = false;
        let mut at = ended.later;
        while let Some(node) = self.node(at) {
            if node.range.overlaps(&ended.range) {
                node.waits_for = node.waits_for.saturating_sub(1);
                ready |= node.waits_for == 0;
            }
            at = node.later;
        }
        if ended.behind {
            self.behind = self.behind.saturating_sub(1);
        }
        match self.node(ended.earlier) {
            Some(before) => before.later = ended.later,
            None => self.first = ended.later,
        }
        match self.node(ended.later) {
            Some(after) => after.earlier = ended.earlier,
            None => self.last = ended.earlier,
        }
        let free = self.free;
        if let Some(node) = self.node(link) {
            *node = Node {
                later: free,
                ..Node::FREE
            };
            self.free = link;
        }
        ready
    }

    /// Lets the sender of a write be answered before it has ended, if fewer than `limit` are so
    /// already.
    pub fn go_behind(&mut self, place: Place, limit: usize) -> bool {
        if self.behind >= limit {
            return false;
        }
        match self.node(place.0) {
            Some(node) if !node.behind => {
                node.behind = true;
                self.behind = self.behind.saturating_add(1);
                true
            }
            _ => false,
        }
    }

    /// Undoes [`Self::go_behind`]: the sender has not been answered.
    pub fn stay(&mut self, place: Place) {
        if let Some(node) = self.node(place.0) {
            if node.behind {
                node.behind = false;
                self.behind = self.behind.saturating_sub(1);
            }
        }
    }

    /// Whether a write to a part of `range` goes on whose sender may have been answered.
    pub fn is_behind(&self, range: SectorRange) -> bool {
        self.behind > 0
            && self
                .from(self.first)
                .any(|(_, node)| node.behind && node.range.overlaps(&range))
    }

    /// Whether no write is registered.
    pub fn is_idle(&self) -> bool {
        self.first == NONE
    }

    fn take_node(&mut self) -> Option<Link> {
        let free = self.free;
        if let Some(node) = self.node(free) {
            self.free = node.later;
            return Some(free);
        }
        let fresh = self.used;
        if usize::from(fresh) >= self.capacity() {
            return None;
        }
        self.used = fresh.saturating_add(1);
        Some(fresh)
    }

    #[inline]
    fn get(&self, link: Link) -> Option<&Node> {
        self.nodes.get(usize::from(link))
    }

    #[inline]
    fn node(&mut self, link: Link) -> Option<&mut Node> {
        self.nodes.get_mut(usize::from(link))
    }

    /// The registered writes from `link` on.
    #[inline]
    fn from(&self, link: Link) -> impl Iterator<Item = (Link, &Node)> {
        let mut at = link;
        core::iter::from_fn(move || {
            let link = at;
            let node = self.get(link)?;
            at = node.later;
            Some((link, node))
        })
    }
}
