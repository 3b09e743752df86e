# SPDX-License-Identifier: GPL-2.0
# scenario: the lockless bitmap: after a crash, and for a leg that comes back, just what was written is copied; and what is discarded never is
# row: bitmap
# disks: 2x96M
# timeout: 240
# lanes: debug
# module: compare
# log-allow: md: super_written gets error
. /payload/guest/lockless.sh
array=/dev/md100
md=/sys/block/md100/md
load_module
faulty_leg a "$(member 0)"
faulty_leg b "$(member 1)"
a=/dev/mapper/a b=/dev/mapper/b
node_b=$(faulty_node b)

lockless_array $array $a $b
run cat $md/bitmap_type
show_bits() { note "$(tr '\n' ',' <$md/llbitmap/bits)"; }
show_bits
write_to() { dd if=/dev/urandom of=$array bs=64k seek="$1" count=1 oflag=direct conv=notrunc status=none; }
copied_to_b() { echo $((($(sectors_written "$node_b") - before) / 2)); }

note "what is written is dirty, and clean some time after"
echo 0 >$md/safe_mode_delay
run write_to 700
run bits dirty
clean_soon
run write_to 700
until_true 60 "all to be clean" bits_are dirty 0
show_bits

note "a leg that comes back gets what was written meanwhile"
quietly mdadm $array --fail $b
remove_leg $array $b
for at in 10 20 1400; do run write_to $at; done
run bits "need sync"
before=$(sectors_written "$node_b")
quietly mdadm $array --re-add $b
wait_whole $array
copied=$(copied_to_b)
((copied >= 192 && copied < 800)) || fail "$copied KiB were written to the leg that came back"
until_true 60 "all to be clean" bits_are dirty 0
run bits "need sync"
keep_layout $array
stop $array
same_data "$(faulty_node a)" "$node_b"

note "both legs go away in the middle of writes"
quietly mdadm --assemble $array $a $b
quietly mdadm --readwrite $array
echo 0 >$md/safe_mode_delay
echo 3600 >$md/llbitmap/daemon_sleep
run write_to 900
run bits dirty
for leg in a b; do leg_errors $leg all 0 "$(blockdev --getsz /dev/mapper/$leg)"; done
stop $array
for leg in a b; do leg_heals $leg; done
dd if=/dev/urandom of=$b bs=64k seek=$((900 + 2048 / 128)) count=1 oflag=direct conv=notrunc status=none
before=$(sectors_written "$node_b")
quietly mdadm --assemble $array $a $b
quietly mdadm --readwrite $array
wait_whole $array
until_true 60 "the resync to have ended" bits_are "need sync" 0
wait_idle $array
copied=$(copied_to_b)
((copied >= 64 && copied < 800)) || fail "$copied KiB were written in the resync"
keep_layout $array

note "a check sees what differs"
echo check >$md/sync_action
wait_idle $array
expect_equal "mismatches" "$(<$md/mismatch_cnt)" 0
dd if=/dev/urandom of=$b bs=64k seek=$((500 + 2048 / 128)) count=1 oflag=direct conv=notrunc status=none
echo repair >$md/sync_action
wait_idle $array
(($(<$md/mismatch_cnt) > 0)) || fail "nothing was found"
stop $array
same_data "$(faulty_node a)" "$node_b"
