// SPDX-License-Identifier: GPL-2.0
/*
 * Out-of-line copies of md's inline functions and macros, and of what else the
 * md abstractions need that Rust can't call. What differs between kernels, as
 * seen from md's C interface, is settled here.
 */
#include <linux/version.h>

#include "bindings.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#error "raid1_rs is for Linux 7.3 and newer"
#endif

/* Flag words. */

bool raid1rs_test_and_set_bit(unsigned long bit, unsigned long *word)
{
	return test_and_set_bit(bit, word);
}

void raid1rs_set_mask_bits(unsigned long *word, unsigned long set)
{
	set_mask_bits(word, 0, set);
}

/* The array. */

void raid1rs_md_wakeup(struct mddev *mddev)
{
	md_wakeup_thread(mddev->thread);
}

void raid1rs_md_active_get(struct mddev *mddev)
{
	percpu_ref_get(&mddev->active_io);
}

bool raid1rs_md_active_tryget(struct mddev *mddev)
{
	return percpu_ref_tryget_live(&mddev->active_io);
}

void raid1rs_md_active_put(struct mddev *mddev)
{
	percpu_ref_put(&mddev->active_io);
}

void raid1rs_md_writes_get(struct mddev *mddev)
{
	percpu_ref_get(&mddev->writes_pending);
}

/* After mddev->in_sync was read, and before data is written: abstractions/md/io.rs. */
bool raid1rs_md_superblock_due(struct mddev *mddev)
{
	smp_rmb(); /* in_sync before the lock */
	if (spin_is_locked(&mddev->lock))
		return true;
	smp_rmb(); /* the lock before the flag */
	return test_bit(MD_SB_CHANGE_PENDING, &mddev->sb_flags);
}

void raid1rs_md_wait_superblock(struct mddev *mddev)
{
	spin_lock(&mddev->lock);
	spin_unlock(&mddev->lock);
	wait_event(mddev->sb_wait,
		   !test_bit(MD_SB_CHANGE_PENDING, &mddev->sb_flags));
}

void raid1rs_md_thread_assign(struct mddev *mddev, struct md_thread *thread)
{
	rcu_assign_pointer(mddev->thread, thread);
}

int raid1rs_md_set_limits(struct mddev *mddev, struct queue_limits *limits)
{
	return queue_limits_set(mddev->gendisk->queue, limits);
}

void raid1rs_trace_remap(struct mddev *mddev, struct bio *bio, sector_t sector)
{
	mddev_trace_remap(mddev, bio, sector);
}

/* Member devices. */

void raid1rs_rdev_put(struct md_rdev *rdev, struct mddev *mddev)
{
	rdev_dec_pending(rdev, mddev);
}

void raid1rs_rdev_wake_blocked(struct md_rdev *rdev)
{
	wake_up(&rdev->blocked_wait);
}

/* As rdev_set_badblocks() does when there is a new one. */
void raid1rs_rdev_rewrite_badblocks(struct md_rdev *rdev)
{
	struct mddev *mddev = rdev->mddev;
	struct badblocks *bb = &rdev->badblocks;
	bool unacknowledged;

	write_seqlock_irq(&bb->lock);
	unacknowledged = bb->unacked_exist && !test_bit(Faulty, &rdev->flags);
	if (unacknowledged)
		bb->changed = 1;
	write_sequnlock_irq(&bb->lock);
	if (!unacknowledged)
		return;
	set_mask_bits(&mddev->sb_flags, 0,
		      BIT(MD_SB_CHANGE_CLEAN) | BIT(MD_SB_CHANGE_PENDING));
	md_wakeup_thread(mddev->thread);
}

void raid1rs_rdev_notify_state(struct md_rdev *rdev)
{
	sysfs_notify_dirent_safe(rdev->sysfs_state);
}

int raid1rs_rdev_link(struct mddev *mddev, struct md_rdev *rdev)
{
	return sysfs_link_rdev(mddev, rdev);
}

void raid1rs_rdev_unlink(struct mddev *mddev, struct md_rdev *rdev)
{
	sysfs_unlink_rdev(mddev, rdev);
}

/*
 * md stops the timer before it quiesces the array, and the end of a write that
 * is waited for there starts it again: it would run when the mddev is gone. Does
 * what the timer does, in case the array goes on under another personality.
 */
void raid1rs_end_safemode_timer(struct mddev *mddev)
{
	if (timer_delete_sync(&mddev->safemode_timer)) {
		mddev->safemode = 1;
		md_wakeup_thread(mddev->thread);
	}
}

/*
 * sync_page_io() for part of a page, which that function can't do. The sector is
 * the block device's.
 */
bool raid1rs_rdev_page_io(struct md_rdev *rdev, sector_t sector, struct page *page,
			  unsigned int offset, unsigned int size, blk_opf_t opf)
{
	struct bio_vec vec;
	struct bio bio;
	int err;

	bio_init(&bio, rdev->bdev, &vec, 1, opf);
	bio.bi_iter.bi_sector = sector;
	__bio_add_page(&bio, page, size, offset);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return !err;
}

/* The bitmap: md_bitmap_enabled() first, always. */

bool raid1rs_bitmap_enabled(struct mddev *mddev, bool flush)
{
	return md_bitmap_enabled(mddev, flush);
}

bool raid1rs_bitmap_start(struct mddev *mddev, sector_t *sector,
			  unsigned long *sectors, bool discard)
{
	struct bitmap_operations *ops = mddev->bitmap_ops;

	if (!md_bitmap_enabled(mddev, false))
		return false;
	ops->prepare_range(mddev, sector, sectors, discard);
	if (!*sectors)
		return false;
	(discard ? ops->start_discard : ops->start_write)(mddev, *sector, *sectors);
	return true;
}

void raid1rs_bitmap_end(struct mddev *mddev, sector_t sector,
			unsigned long sectors, bool discard)
{
	struct bitmap_operations *ops = mddev->bitmap_ops;

	if (md_bitmap_enabled(mddev, false))
		(discard ? ops->end_discard : ops->end_write)(mddev, sector, sectors);
}

void raid1rs_bitmap_unplug(struct mddev *mddev, bool sync)
{
	if (md_bitmap_enabled(mddev, false))
		mddev->bitmap_ops->unplug(mddev, sync);
}

bool raid1rs_bitmap_start_sync(struct mddev *mddev, sector_t sector,
			       sector_t *sectors, bool degraded)
{
	return md_bitmap_start_sync(mddev, sector, sectors, degraded);
}

void raid1rs_bitmap_end_sync(struct mddev *mddev, sector_t sector,
			     sector_t *sectors)
{
	md_bitmap_end_sync(mddev, sector, sectors);
}

void raid1rs_bitmap_cond_end_sync(struct mddev *mddev, sector_t sector)
{
	if (md_bitmap_enabled(mddev, false))
		mddev->bitmap_ops->cond_end_sync(mddev, sector, false);
}

void raid1rs_bitmap_close_sync(struct mddev *mddev)
{
	if (md_bitmap_enabled(mddev, false))
		mddev->bitmap_ops->close_sync(mddev);
}

void raid1rs_bitmap_start_behind(struct mddev *mddev)
{
	mddev->bitmap_ops->start_behind_write(mddev);
}

void raid1rs_bitmap_end_behind(struct mddev *mddev)
{
	mddev->bitmap_ops->end_behind_write(mddev);
}

int raid1rs_bitmap_stats(struct mddev *mddev, struct md_bitmap_stats *stats)
{
	if (!md_bitmap_enabled(mddev, false))
		return -ENOENT;
	return mddev->bitmap_ops->get_stats(mddev->bitmap, stats);
}

int raid1rs_bitmap_resize(struct mddev *mddev, sector_t sectors)
{
	if (!md_bitmap_enabled(mddev, false))
		return 0;
	return mddev->bitmap_ops->resize(mddev, sectors, 0);
}

void raid1rs_bitmap_dirty(struct mddev *mddev, unsigned long first_chunk,
			  unsigned long last_chunk)
{
	if (md_bitmap_enabled(mddev, false))
		mddev->bitmap_ops->dirty_bits(mddev, first_chunk, last_chunk);
}

/* Block devices. */

unsigned int raid1rs_bdev_logical_block_size(struct block_device *bdev)
{
	return bdev_logical_block_size(bdev);
}

unsigned int raid1rs_bdev_max_discard_sectors(struct block_device *bdev)
{
	return bdev_max_discard_sectors(bdev);
}

bool raid1rs_bdev_rotational(struct block_device *bdev)
{
	return bdev_rot(bdev);
}

int raid1rs_bdev_name(struct block_device *bdev, char *buffer, size_t size)
{
	return scnprintf(buffer, size, "%pg", bdev);
}
