# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts share: where things are, messages, locks. To be sourced.

# shellcheck disable=SC2034 # used by the scripts that source this file
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export RAID1_RS_CACHE=${RAID1_RS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/raid1_rs}
cache=$RAID1_RS_CACHE

# The Debian release whose rustc built the kernels we load into. Another rustc
# gives other symbol names, so this is not a matter of taste.
suite=trixie

say() { printf '%s\n' "$*" >&2; }

# die WHAT [WHAT-TO-DO...]: ends the script; nothing is half done that a second
# run would not pick up.
die() {
	say "error: $1"
	shift
	local hint
	for hint in "$@"; do say "       $hint"; done
	exit 1
}

# step NUMBER TOTAL TEXT: the numbered progress lines of a set-up.
step() { printf '[%s/%s] %4ds  %s\n' "$1" "$2" "$SECONDS" "$3" >&2; }

# Environment that a command inside the toolchain root, or behind sudo, still needs.
passed_on=(
	RAID1_RS_CACHE RAID1_RS_MIRROR RAID1_RS_LANE RAID1_RS_FLAVOUR RAID1_RS_RELEASE
	http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
	RAID1_RS_VM_PATIENCE SSL_CERT_FILE CARGO_HTTP_CAINFO TERM V CLIPPY RUST_BACKTRACE
	PROPTEST_CASES LOOM_MAX_PREEMPTIONS
)

# become_root ARGS...: starts this script again under sudo when it needs to be root.
become_root() {
	[[ $EUID -eq 0 ]] && return
	command -v sudo >/dev/null ||
		die "this needs root: it makes a Debian root folder and mounts in a namespace of its own" \
			"run it as root, or install sudo"
	exec sudo --preserve-env="$(IFS=,; echo "${passed_on[*]}")" -- "$0" "$@"
}

# content_key TEXT...: a short name that changes with any of the texts.
content_key() { printf '%s\0' "$@" | sha256sum | cut -c1-12; }

# with_lock NAME [FOLDER]: waits until no other script works on NAME; held until
# this script ends. A killed holder frees it.
with_lock() {
	local folder=${2:-$cache}
	mkdir -p "$folder"
	exec {lock_fd}>"$folder/$1.lock"
	if ! flock --nonblock "$lock_fd"; then
		say "waiting for another run that prepares the $1 ..."
		flock "$lock_fd"
	fi
}

# Leftovers of an interrupted run have names that end in .partial; under the
# lock nobody else can be using them.
fresh_partial() {
	rm -rf --one-file-system "$1.partial"
	mkdir -p "$1.partial"
}

# finish ENTRY: the one moment at which a prepared entry begins to exist.
finish() { mv -T "$1.partial" "$1"; }

# logged LOGFILE COMMAND...: quiet when all is well, the end of the log when not.
logged() {
	local log=$1
	shift
	if [[ -n ${V:-} ]]; then
		"$@" 2>&1 | tee "$log" >&2
		return
	fi
	if ! "$@" >"$log" 2>&1; then
		tail -n 25 "$log" >&2
		die "failed: $1 ${2:-} ..." "the whole log: $log"
	fi
}

# The toolchain root's path, which is a function of what it holds.
toolchain_path() {
	printf '%s/toolchain-%s\n' "$cache" \
		"$(content_key "$(cat "$project/scripts/toolchain" "$project/scripts/toolchain.packages")")"
}

guest_path() {
	printf '%s/guest-%s\n' "$cache" \
		"$(content_key "$(cat "$project/scripts/guest" "$project/scripts/guest-image" "$project/scripts/guest.packages" \
			"$project"/tests/vm/guest/{early,first}-init)" "$(<"$(kernel_path)/release")")"
}

# The flavour of the stock kernel, as in linux-image-FLAVOUR. Guests run the cloud one, which has all
# that they need; a module can be built for the other one, too, or for one release, as uname -r says it.
guest_flavour=cloud-amd64
wanted_release=${RAID1_RS_RELEASE:-}
flavour=${RAID1_RS_FLAVOUR:-$guest_flavour}
if [[ -n $wanted_release ]]; then flavour=${wanted_release#*-}; fi

# The kernel that set-up chose; its release is in the file "release" there.
kernel_path() {
	printf '%s/kernel-%s-%s\n' "$cache" "${wanted_release:-$flavour}" \
		"$(content_key "$(cat "$project/scripts/kernel" "$project/scripts/kernel-prepare")" "$(basename "$(toolchain_path)")")"
}

# The debug lane's kernel. Its build takes half an hour, so its name depends on what
# it is made from and nothing else; the stock image stands for the source.
debug_kernel_path() {
	printf '%s/debug-kernel-%s\n' "$cache" \
		"$(content_key "$(cat "$project/scripts/debug-kernel-build" "$project"/tests/debug/*.config)" \
			"$(sha256sum <"$(kernel_path)/vmlinuz")" \
			"$(sed -nE '/^Package: (clang-19|lld-19|rustc|bindgen)$/,/^Version:/p' "$(toolchain_path)/var/lib/dpkg/status")")"
}

debug_guest_path() {
	printf '%s/debug-guest-%s\n' "$cache" \
		"$(content_key "$(<"$project/scripts/debug-guest-image")" \
			"$(basename "$(guest_path)")" "$(basename "$(debug_kernel_path)")")"
}

# What is built for and booted: the stock kernel, or with RAID1_RS_LANE=debug that one.
lane=${RAID1_RS_LANE:-stock}
lane_kernel_path() { if [[ $lane == debug ]]; then debug_kernel_path; else kernel_path; fi; }
lane_guest_path() { if [[ $lane == debug ]]; then debug_guest_path; else guest_path; fi; }
