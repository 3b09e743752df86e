// SPDX-License-Identifier: GPL-2.0

//! Making a personality known to md.
//!
//! C header: `drivers/md/md.h`

use core::marker::PhantomData;

use kernel::{
    error::to_result,
    prelude::*,
    types::Opaque,
    ThisModule, //
};

use super::{
    personality::Personality,
    vtable::PersonalityVTable, //
};
use crate::{
    bindings,
    log_line, //
};

/// A personality that md knows, and uses for new arrays, until this is dropped.
///
/// md has one personality for each id at a time: a second one fails with `EBUSY`.
///
/// It belongs into the module's own object, as the last of its fields to be built. md takes a
/// reference to the module for each array that uses the personality, so that the module stays as
/// long as they do.
///
/// # Invariants
///
/// `personality` is filled in, pinned, and registered with md.
#[pin_data(PinnedDrop)]
pub struct Registration<T: Personality> {
    #[pin]
    personality: Opaque<bindings::md_personality>,
    _personality: PhantomData<fn() -> T>,
}

// SAFETY: Any task may take a registration back.
unsafe impl<T: Personality> Send for Registration<T> {}
// SAFETY: There is nothing to be done with a shared reference.
unsafe impl<T: Personality> Sync for Registration<T> {}

impl<T: Personality> Registration<T> {
    /// Registers the personality. `module` is the one with its code.
    pub fn new(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            // INVARIANT: The object is initialised only if C has accepted it.
            personality <- Opaque::try_ffi_init(|slot: *mut bindings::md_personality| {
                // SAFETY: `slot` is valid for writes, and pinned. C refers to it until it's
                // unregistered, which `drop` does.
                unsafe {
                    slot.write(PersonalityVTable::<T>::build(module));
                    // Before Linux 6.15 this was `register_md_personality`.
                    let registered =
                        to_result(bindings::register_md_submodule(&raw mut (*slot).head));
                    if registered == Err(EBUSY) {
                        log_line!(
                            Error,
                            "md: level {} is taken by another module: remove that one first (rmmod {})",
                            T::ID,
                            T::NAME.to_str().unwrap_or("it")
                        );
                    }
                    registered
                }
            }),
            _personality: PhantomData,
        })
    }
}

#[pinned_drop]
impl<T: Personality> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant it's registered. No array uses it: each would hold a
        // reference to the module.
        unsafe { bindings::unregister_md_submodule(&raw mut (*self.personality.get()).head) };
    }
}
