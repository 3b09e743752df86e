// SPDX-License-Identifier: GPL-2.0

//! C functions that call the methods of a [`Personality`].
//!
//! C header: `drivers/md/md.h`

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};

use kernel::{
    error::from_result,
    prelude::*,
    seq_file::SeqFile,
    sync::{
        barrier::{
            smp_mb,
            Read, //
        },
        rcu, //
    },
    types::ForeignOwnable,
    ThisModule, //
};

use super::{
    access::count,
    locked::{
        LockedMddev,
        Member, //
    },
    mddev::Mddev,
    personality::{
        Borrowed,
        Personality,
        SyncStep, //
    },
    rdev::Rdev, //
};
use crate::{
    abstractions::{
        bio::Incoming,
        noio::NoIoScope, //
    },
    bindings, //
};

/// A `struct md_personality` of functions that call `T`.
///
/// All of them are called by md core only, in the contexts that [`Personality`] documents. In their
/// safety requirements, *an array of ours* is an initialised array that stays alive during the
/// call, and whose `private` came from `T::Data::into_foreign` and isn't given to
/// [`Self::free_callback`] before the call is over.
pub(super) struct PersonalityVTable<T: Personality>(PhantomData<T>);

/// A callback that `T` may leave out. It's null then, as md core expects it.
macro_rules! optional {
    ($has:ident, $callback:ident) => {
        if T::$has {
            Some(Self::$callback)
        } else {
            None
        }
    };
}

impl<T: Personality> PersonalityVTable<T> {
    /// What md core takes for granted of a personality that can sync.
    const COMPLETE: () = assert!(
        !T::HAS_SYNC_REQUEST
            || (T::HAS_HOT_ADD && T::HAS_HOT_REMOVE && T::HAS_SPARE_ACTIVE && T::HAS_QUIESCE),
        "a personality with sync_request needs hot_add, hot_remove, spare_active and quiesce"
    );

    /// The data of an array.
    ///
    /// # Safety
    ///
    /// `mddev` is an array of ours, for as long as `'a`.
    #[inline]
    unsafe fn data<'a>(mddev: *mut bindings::mddev) -> Borrowed<'a, T> {
        // SAFETY: `private` is valid for reads, and stays as it is while the personality is asked
        // for anything. It came from `into_foreign`.
        unsafe { T::Data::borrow((&raw const (*mddev).private).read_volatile()) }
    }

    /// # Safety
    ///
    /// `mddev` is alive, and its `reconfig_mutex` held by the caller. `private` is null, or it's an
    /// array of ours.
    unsafe extern "C" fn run_callback(mddev: *mut bindings::mddev) -> c_int {
        from_result(|| {
            // SAFETY: By the requirements.
            let array = unsafe { LockedMddev::from_ptr(mddev) };
            // SAFETY: The array is alive.
            let private = unsafe { &raw mut (*mddev).private };
            // SAFETY: With the mutex held, nobody else changes `private`.
            if !unsafe { *private }.is_null() {
                // The array comes from `takeover`. Whatever the result, md keeps the data, and will
                // have it freed.
                // SAFETY: By the requirements it's ours.
                T::run(array, unsafe { Self::data(mddev) })?;
                return Ok(0);
            }
            let data = T::set_up(array)?.into_foreign();
            // SAFETY: We have just got `data` from `into_foreign`.
            if let Err(err) = T::run(array, unsafe { T::Data::borrow(data) }) {
                // md will stop the thread, if it was handed over. Until then it does nothing: see
                // `daemon_callback`.
                // SAFETY: As above; md doesn't know of `data`, and the borrow is over.
                T::free(array, unsafe { T::Data::from_foreign(data) });
                return Err(err);
            }
            // From now on `data` is md's, even if md_run() fails later: it has it freed then.
            // SAFETY: As above.
            unsafe { private.write_volatile(data) };
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// `mddev` is alive, and its `reconfig_mutex` held by the caller. `private` came from
    /// `T::Data::into_foreign`, is passed for the first time, and nobody uses it any more.
    unsafe extern "C" fn free_callback(mddev: *mut bindings::mddev, private: *mut c_void) {
        // SAFETY: By the requirements.
        let (array, data) =
            unsafe { (LockedMddev::from_ptr(mddev), T::Data::from_foreign(private)) };
        T::free(array, data);
        // SAFETY: The array is alive. The timer takes the locks of kernfs and of a wait queue, of
        // which none is held.
        unsafe { bindings::raid1rs_end_safemode_timer(mddev) };
    }

    /// # Safety
    ///
    /// `mddev` is alive, and its `reconfig_mutex` held by the caller, who will set `private` to the
    /// result unless that is an error.
    unsafe extern "C" fn takeover_callback(mddev: *mut bindings::mddev) -> *mut c_void {
        // SAFETY: By the requirements.
        match T::takeover(unsafe { LockedMddev::from_ptr(mddev) }) {
            Ok(data) => data.into_foreign(),
            // CAST: An error pointer is a negative errno.
            Err(err) => err.to_errno() as isize as *mut c_void,
        }
    }

    /// # Safety
    ///
    /// `mddev` is an array of ours whose `active_io` the caller has a reference to; `bio` is valid,
    /// and the caller hands over the duty to end it if the result is true.
    unsafe extern "C" fn make_request_callback(
        mddev: *mut bindings::mddev,
        bio: *mut bindings::bio,
    ) -> bool {
        // SAFETY: By the requirements.
        let (array, data, bio) = unsafe {
            (
                Mddev::from_ptr(mddev),
                Self::data(mddev),
                Incoming::from_raw(NonNull::new_unchecked(bio)),
            )
        };
        T::make_request(array, data, bio);
        true
    }

    /// # Safety
    ///
    /// `mddev` is an array of ours; `seq` is valid, and nobody else uses it.
    unsafe extern "C" fn status_callback(
        seq: *mut bindings::seq_file,
        mddev: *mut bindings::mddev,
    ) {
        // SAFETY: By the requirements.
        let (seq, array, data) = unsafe {
            (
                SeqFile::from_raw(seq),
                Mddev::from_ptr(mddev),
                Self::data(mddev),
            )
        };
        T::status(seq, array, data);
    }

    /// # Safety
    ///
    /// `mddev` was an array of ours a moment ago, and `rdev` is a device of it; both stay alive
    /// during the call.
    unsafe extern "C" fn error_callback(mddev: *mut bindings::mddev, rdev: *mut bindings::md_rdev) {
        // A user's command comes without the mutex: the array may be changing its level, and
        // `private` be another personality's. C stores `pers` before `private` then, so `private`
        // is ours if `pers` still is after it was read. When an array comes to us it's the other
        // way round, and what comes between these two adjacent stores of C, a command or a late end
        // of a bitmap's write, can't be told from others.
        let guard = rcu::read_lock();
        // SAFETY: The array is alive. Both are pointers, read in one piece; `pers` is null or
        // registered.
        let ours = unsafe {
            let private = (&raw const (*mddev).private).read_volatile();
            smp_mb(Read);
            let pers = (&raw const (*mddev).pers).read_volatile();
            !private.is_null() && !pers.is_null() && (*pers).head.id == T::ID
        };
        if !ours {
            return;
        }
        // SAFETY: `private` came from `T::Data`, unless the array is at this moment between C's
        // stores of `private` and `pers` in a takeover to us, which is not excluded: see
        // Documentation/known-gaps.md. `free` gives the data up only after an RCU grace period.
        let (array, data, rdev) = unsafe {
            (
                Mddev::from_ptr(mddev),
                Self::data(mddev),
                Rdev::from_ptr(rdev),
            )
        };
        T::error(array, data, rdev);
        drop(guard);
    }

    /// # Safety
    ///
    /// `mddev` is an array of ours whose `reconfig_mutex` the caller holds. `rdev` is a device of
    /// it that the caller hands over: after a success it won't be freed before
    /// [`Self::hot_remove_callback`] has returned 0 for it, or [`Self::free_callback`] has
    /// returned.
    unsafe extern "C" fn hot_add_callback(
        mddev: *mut bindings::mddev,
        rdev: *mut bindings::md_rdev,
    ) -> c_int {
        // SAFETY: By the requirements.
        let (array, data, member) = unsafe {
            (
                LockedMddev::from_ptr(mddev),
                Self::data(mddev),
                Member::new(Rdev::from_ptr(rdev)),
            )
        };
        // Requests may be under way, and wait for the holder of the mutex.
        let _noio = NoIoScope::new();
        from_result(|| T::hot_add(array, data, member).map(|()| 0))
    }

    /// # Safety
    ///
    /// `mddev` is an array of ours whose `reconfig_mutex` the caller holds, and `rdev` a device of
    /// it.
    unsafe extern "C" fn hot_remove_callback(
        mddev: *mut bindings::mddev,
        rdev: *mut bindings::md_rdev,
    ) -> c_int {
        // SAFETY: By the requirements.
        let (array, data, rdev) = unsafe {
            (
                LockedMddev::from_ptr(mddev),
                Self::data(mddev),
                Rdev::from_ptr(rdev),
            )
        };
        // Requests may be under way, and wait for the holder of the mutex.
        let _noio = NoIoScope::new();
        from_result(|| T::hot_remove(array, data, rdev).map(|()| 0))
    }

    /// # Safety
    ///
    /// `mddev` is an array of ours whose `reconfig_mutex` the caller holds.
    unsafe extern "C" fn spare_active_callback(mddev: *mut bindings::mddev) -> c_int {
        // SAFETY: By the requirements.
        let (array, data) = unsafe { (LockedMddev::from_ptr(mddev), Self::data(mddev)) };
        super::access::int(T::spare_active(array, data))
    }

    /// # Safety
    ///
    /// `mddev` is an array of ours, and the caller its sync thread. `skipped` is valid for writes.
    unsafe extern "C" fn sync_request_callback(
        mddev: *mut bindings::mddev,
        sector: bindings::sector_t,
        max_sector: bindings::sector_t,
        skipped: *mut c_int,
    ) -> bindings::sector_t {
        // SAFETY: By the requirements.
        let (array, data) = unsafe { (Mddev::from_ptr(mddev), Self::data(mddev)) };
        let (sectors, none_issued) = match T::sync_request(array, data, sector, max_sector) {
            SyncStep::Issued(sectors) => (sectors, 0),
            SyncStep::Skipped(sectors) => (sectors, 1),
            // C takes 0 sectors for that.
            SyncStep::Abort => (0, 1),
        };
        // SAFETY: By the requirements.
        unsafe { skipped.write(none_issued) };
        sectors
    }

    /// # Safety
    ///
    /// `mddev` is an array of ours whose `reconfig_mutex` the caller holds.
    unsafe extern "C" fn resize_callback(
        mddev: *mut bindings::mddev,
        sectors: bindings::sector_t,
    ) -> c_int {
        // SAFETY: By the requirements.
        let (array, data) = unsafe { (LockedMddev::from_ptr(mddev), Self::data(mddev)) };
        from_result(|| T::resize(array, data, sectors).map(|()| 0))
    }

    /// # Safety
    ///
    /// `mddev` is alive.
    unsafe extern "C" fn size_callback(
        mddev: *mut bindings::mddev,
        sectors: bindings::sector_t,
        raid_disks: c_int,
    ) -> bindings::sector_t {
        // SAFETY: By the requirements.
        let array = unsafe { Mddev::from_ptr(mddev) };
        T::size(array, sectors, count(raid_disks))
    }

    /// # Safety
    ///
    /// `mddev` is an array of ours whose `reconfig_mutex` the caller holds.
    unsafe extern "C" fn check_reshape_callback(mddev: *mut bindings::mddev) -> c_int {
        // SAFETY: By the requirements.
        let (array, data) = unsafe { (LockedMddev::from_ptr(mddev), Self::data(mddev)) };
        let _noio = NoIoScope::new();
        from_result(|| T::check_reshape(array, data).map(|()| 0))
    }

    /// # Safety
    ///
    /// `mddev` is an array of ours.
    unsafe extern "C" fn quiesce_callback(mddev: *mut bindings::mddev, on: c_int) {
        // SAFETY: By the requirements.
        let (array, data) = unsafe { (Mddev::from_ptr(mddev), Self::data(mddev)) };
        T::quiesce(array, data, on != 0);
    }

    /// # Safety
    ///
    /// `thread` is the caller. It was made for an array that outlives it, by [`Thread::new`] with
    /// the same `T`, and it's stopped before the array's data is freed if it was handed over to md.
    ///
    /// [`Thread::new`]: super::thread::Thread::new
    pub(super) unsafe extern "C" fn daemon_callback(thread: *mut bindings::md_thread) {
        // A thread may run without being woken: a signal does it. The array may have no data yet
        // then, or, in a takeover, that of its old personality. md sets and changes `pers` and
        // `private` together under its lock (and `pers` last when it starts an array), and its
        // registry has but one personality with our id, which is us, as long as our code is there.
        //
        // When md has finished starting an array, or a takeover, it wakes the thread, so none of
        // what woke us before is lost.
        // SAFETY: The thread and its array are alive. `pers` is null or what is registered.
        let (mddev, ours) = unsafe {
            let mddev = (*thread).mddev;
            let lock = &raw mut (*mddev).lock;
            bindings::spin_lock(lock);
            let pers = (*mddev).pers;
            let ours = !pers.is_null() && (*pers).head.id == T::ID;
            bindings::spin_unlock(lock);
            (mddev, ours)
        };
        if !ours {
            return;
        }
        // SAFETY: It's an array of ours; its data isn't freed before this thread is stopped.
        let (array, data) = unsafe { (Mddev::from_ptr(mddev), Self::data(mddev)) };
        T::daemon(array, data);
    }

    const OPERATIONS: bindings::md_personality = bindings::md_personality {
        make_request: Some(Self::make_request_callback),
        run: Some(Self::run_callback),
        free: Some(Self::free_callback),
        status: Some(Self::status_callback),
        error_handler: Some(Self::error_callback),
        size: Some(Self::size_callback),
        takeover: optional!(HAS_TAKEOVER, takeover_callback),
        hot_add_disk: optional!(HAS_HOT_ADD, hot_add_callback),
        hot_remove_disk: optional!(HAS_HOT_REMOVE, hot_remove_callback),
        spare_active: optional!(HAS_SPARE_ACTIVE, spare_active_callback),
        sync_request: optional!(HAS_SYNC_REQUEST, sync_request_callback),
        resize: optional!(HAS_RESIZE, resize_callback),
        check_reshape: optional!(HAS_CHECK_RESHAPE, check_reshape_callback),
        quiesce: optional!(HAS_QUIESCE, quiesce_callback),
        // No others yet: `start`, the reshape family, and what maps the array's sectors to the
        // bitmap's.
        ..pin_init::zeroed()
    };

    /// The table for md core. `module` is the one with `T`'s code.
    pub(super) fn build(module: &'static ThisModule) -> bindings::md_personality {
        let () = Self::COMPLETE;
        bindings::md_personality {
            head: bindings::md_submodule_head {
                type_: bindings::md_submodule_type_MD_PERSONALITY,
                id: T::ID,
                name: T::NAME.as_char_ptr(),
                owner: module.as_ptr(),
            },
            ..Self::OPERATIONS
        }
    }
}
