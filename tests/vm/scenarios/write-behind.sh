# SPDX-License-Identifier: GPL-2.0
# scenario: a write ends when the legs have it that are not write-mostly, up to the limit; then it waits for all
# leaks: yes
# row: write-behind
# disks: 2x32M
# timeout: 180
# raid1.ko now and then makes such a write wait for the slow leg as well: see behind-quick-leg.
# module: rs
array=/dev/md100
md=/sys/block/md100/md
load_module
gated_leg slow "$(member 1)"
run mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --write-behind=4 \
	"$(member 0)" --write-mostly /dev/mapper/slow
run cat $md/rd0/state $md/rd1/state
run cat $md/bitmap/backlog
run_fails sh -c "echo 99999 >$md/bitmap/backlog"
keep_layout $array
fill $array
# Nothing of the metadata changes while the leg's data is held up.
stay_active $array
echo 100 >$md/bitmap/time_base
dd if=/dev/urandom of=/run/data bs=64k count=20 status=none
offset=$(<$md/rd1/offset)

note "reads go to the other leg"
before=$(sectors_read "$(member 1)")
device_sum $array >/dev/null
expect_equal "sectors read from the write-mostly leg" "$(sectors_read "$(member 1)")" "$before"

write() { dd if=/run/data of=$array bs=64k skip="$1" seek="$1" count=1 oflag=direct conv=notrunc status=none; }
before=$(sectors_written "$(faulty_node slow)")
for n in 0 1 2 3 4 5; do write $n; done
until_true 20 "nothing to be behind" written_since "$(faulty_node slow)" "$before" $((6 * 128))
hold_writes slow "$offset"
note "four writes end though one leg doesn't get them; the fifth waits"
for n in 10 11 12 13; do run write $n; done
write 14 &
fifth=$!
still_waits $fifth
run cat $md/bitmap/max_backlog_used
run cmp -i $((10 * 65536)) -n 262144 $array /run/data
note "as soon as the leg has them, it ends as well"
release_writes slow
ends_well $fifth
run write 15

note "without a backlog nothing is behind"
run sh -c "echo 0 >$md/bitmap/backlog"
hold_writes slow "$offset"
write 16 &
first=$!
still_waits $first
release_writes slow
ends_well $first
run sh -c "echo 4 >$md/bitmap/backlog"
fill $array
run mdstat $array
run mdadm --stop $array
same_data "$(member 0)" "$(faulty_node slow)"
unload_module
