# SPDX-License-Identifier: GPL-2.0
# scenario: discards reach every leg, and nothing around them is touched
# leaks: yes
# row: writes operations
# disks: 2x32M
# timeout: 240
# module: compare
array=/dev/md100
first=$(member 0)
second=$(member 1)
load_module

discards() { awk '{ print $12 }' "/sys/block/${1##*/}/stat"; }

run mdadm --create $array --run --assume-clean --level=1 --raid-devices=2 --bitmap=internal --size=24M \
	"$first" "$second"
fill $array
dd if=$array of=/run/expected bs=1M iflag=direct status=none
first_before=$(discards "$first")
second_before=$(discards "$second")

# discard OFFSET LENGTH
discard() {
	run blkdiscard --offset "$1" --length "$2" $array
	dd if=/dev/zero of=/run/expected bs=1M conv=notrunc oflag=seek_bytes seek="$1" \
		iflag=count_bytes count="$2" status=none
}
# This NVMe reads zeros where it was discarded, in whole units of its own.
discard $((1 << 20)) $((1 << 20))
discard $((3 << 20 | 4096)) $((3 << 20 | 8192))
discard $((8 << 20)) $((16 << 20))
expect_equal "the checksum after discards" "$(device_sum $array)" "$(sha256sum </run/expected | cut -d' ' -f1)"
for leg in "$first $first_before" "$second $second_before"; do
	read -r name before <<<"$leg"
	count=$(($(discards "$name") - before))
	((count > 0)) || fail "no discard came to $name"
	if ((count > 40)); then fail "the discards were cut into $count on $name"; fi
done

note "with data written beside them"
fill $array
fio --name=trim --filename=$array --ioengine=io_uring --direct=1 --rw=randtrimwrite --bs=64k \
	--iodepth=8 --serialize_overlap=1 --io_size=16M --size=24M >/run/fio.log 2>&1 || fail "$(</run/fio.log)"
run blkdiscard --zeroout --offset 512 --length 1536 $array
expect_equal "a range that was set to zero" "$(dd if=$array bs=512 skip=1 count=3 iflag=direct status=none | tr -d '\0' | wc -c)" 0

keep_layout $array
wait_clean $array
stop $array
same_data "$first" "$second"

note "all of it"
run mdadm --assemble $array "$first" "$second"
run blkdiscard $array
expect_equal "what is not zero" "$(dd if=$array bs=1M iflag=direct status=none | tr -d '\0' | wc -c)" 0
run mdadm --stop $array
same_data "$first" "$second"
