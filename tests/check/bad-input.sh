#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Bad input gets a clear message and a failure, before anything is half done.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
export XDG_CACHE_HOME=$work/cache RAID1_RS_MIRROR=http://mirror.invalid/debian
unset RAID1_RS_CACHE

# expect_message TEXT COMMAND...: the command fails and says TEXT.
expect_message() {
	local text=$1 output
	shift
	if output=$("$@" 2>&1); then
		echo "did not fail: $*"
		failed=1
	elif ! grep -qF -- "$text" <<<"$output"; then
		printf 'no "%s" from: %s\nbut:\n%s\n' "$text" "$*" "$output"
		failed=1
	elif compgen -G "$XDG_CACHE_HOME/raid1_rs/*.partial" >/dev/null; then
		echo "left something half done: $*"
		failed=1
	fi
}

expect_message "too little memory" env RAID1_RS_NEED_MEMORY_MIB=99999999 scripts/setup
expect_message "too little disk" env RAID1_RS_NEED_DISK_MIB=9999999999 scripts/setup
expect_message "no network" scripts/setup
expect_message "toolchain root is not prepared" scripts/enter true

printf 'ID=plan9\nPRETTY_NAME="Plan 9"\n' >"$work/os-release"
expect_message "not Debian" env -u RAID1_RS_MIRROR RAID1_RS_OS_RELEASE="$work/os-release" scripts/setup

expect_message "there is no flavour rt-amd64" env RAID1_RS_FLAVOUR=rt-amd64 scripts/module

# KDIR= of one's own.
expect_message "does not exist" scripts/module "$work/nowhere"
mkdir -p "$work/kdir/rust" "$work/kdir/include/config" "$work/bin"
expect_message "no .config" scripts/module "$work/kdir"
echo '# CONFIG_RUST is not set' >"$work/kdir/.config"
expect_message "without CONFIG_RUST" scripts/module "$work/kdir"
printf 'CONFIG_RUST=y\nCONFIG_RUSTC_VERSION_TEXT="rustc 1.0.0 (of old)"\n' >"$work/kdir/.config"
expect_message "lacks rust/libkernel.rmeta" scripts/module "$work/kdir"
touch "$work/kdir/rust/libkernel.rmeta" "$work/kdir/Module.symvers" "$work/kdir/include/config/kernel.release"
for tool in bindgen rustc; do
	printf '#!/bin/sh\necho "rustc 1.85.1 (of today)"\n' >"$work/bin/$tool"
	chmod +x "$work/bin/$tool"
done
expect_message "rustc 1.0.0 (of old)" env PATH="$work/bin:$PATH" scripts/module "$work/kdir"
rm "$work/bin/bindgen"
expect_message "no bindgen" env PATH="$work/bin:/usr/bin:/bin" scripts/module "$work/kdir"
exit $failed
