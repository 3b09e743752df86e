# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The machine of a guest, without its disks and the ends of its two serial ports. To be
# sourced, inside the toolchain root; sets "machine", a QEMU command. Takes these variables:
#   RAID1_RS_VM_KERNEL, _INITRAMFS        what to boot (set by vm-environment)
#   RAID1_RS_VM_EXTRA_MEMORY              MiB that this kernel needs more
#   VM_KERNEL_ARGUMENTS                   added to the kernel's command line
#   VM_MEMORY, VM_CPUS                    MiB, number
#   VM_CLOCK                              real, or instructions (deterministic)
#   VM_RESTARTS                           yes: the guest may restart; otherwise that's the end
#   VM_QUIET                              yes: the kernel says little on its console
: "${VM_MEMORY:=1024}" "${VM_CPUS:=2}" "${VM_CLOCK:=real}" "${VM_RESTARTS:=no}" "${VM_QUIET:=no}"

machine=(
	# Of the machine types, the one whose root bus takes disks while it runs.
	qemu-system-x86_64 -nodefaults -no-user-config -display none -machine pc
	-m "$((VM_MEMORY + ${RAID1_RS_VM_EXTRA_MEMORY:-0}))"
)
[[ $VM_RESTARTS == yes ]] || machine+=(-no-reboot)

# A small instruction set is cheaper to emulate: no AVX to benchmark at boot. With
# rdrand, mdadm does not wait for entropy. /dev/kvm alone proves nothing: some hosts
# offer it with no hardware under it.
if [[ $VM_CLOCK == instructions ]]; then
	machine+=(-accel tcg,thread=single -icount "shift=0,sleep=off" -cpu Nehalem,+rdrand -smp 1)
elif grep -qwE 'vmx|svm' /proc/cpuinfo && [[ -w /dev/kvm ]]; then
	machine+=(-accel kvm -cpu host -smp "$VM_CPUS")
else
	machine+=(-accel tcg,thread=multi -cpu Nehalem,+rdrand -smp "$VM_CPUS")
fi

kernel_arguments=(
	# A busy host can be late with the ticks by which the kernel tests its timer.
	no_timer_check console=ttyS0 oops=panic panic=-1 mitigations=off net.ifnames=0
	rcupdate.rcu_cpu_stall_timeout=120 watchdog_thresh=60
)
if [[ $VM_QUIET == yes ]]; then kernel_arguments+=(quiet); else kernel_arguments+=(ignore_loglevel); fi
machine+=(
	-kernel "$RAID1_RS_VM_KERNEL" -initrd "$RAID1_RS_VM_INITRAMFS"
	-append "${kernel_arguments[*]} ${VM_KERNEL_ARGUMENTS:-}"
)
