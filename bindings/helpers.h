/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of the shims: C's inline functions and macros as functions that Rust
 * can call. Those for md are in md_helpers.c, the others in block_helpers.c.
 *
 * Only bindings.h includes this; the include guard is there.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mempool.h>
#include <linux/percpu-refcount.h>
#include <linux/ratelimit_types.h>
#include <linux/sched/mm.h>
#include <linux/timex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct md_rdev;
struct mddev;

/* md_helpers.c: flag words */
bool raid1rs_test_and_set_bit(unsigned long bit, unsigned long *word);
void raid1rs_set_mask_bits(unsigned long *word, unsigned long set);

/* md_helpers.c: the array */
void raid1rs_md_wakeup(struct mddev *mddev);
void raid1rs_md_active_get(struct mddev *mddev);
bool raid1rs_md_active_tryget(struct mddev *mddev);
void raid1rs_md_active_put(struct mddev *mddev);
void raid1rs_md_writes_get(struct mddev *mddev);
bool raid1rs_md_superblock_due(struct mddev *mddev);
void raid1rs_md_wait_superblock(struct mddev *mddev);
void raid1rs_md_thread_assign(struct mddev *mddev, struct md_thread *thread);
int raid1rs_md_set_limits(struct mddev *mddev, struct queue_limits *limits);
void raid1rs_trace_remap(struct mddev *mddev, struct bio *bio, sector_t sector);

/* md_helpers.c: member devices */
void raid1rs_rdev_put(struct md_rdev *rdev, struct mddev *mddev);
void raid1rs_rdev_notify_state(struct md_rdev *rdev);
void raid1rs_rdev_wake_blocked(struct md_rdev *rdev);
void raid1rs_rdev_rewrite_badblocks(struct md_rdev *rdev);
int raid1rs_rdev_link(struct mddev *mddev, struct md_rdev *rdev);
void raid1rs_rdev_unlink(struct mddev *mddev, struct md_rdev *rdev);
void raid1rs_end_safemode_timer(struct mddev *mddev);
bool raid1rs_rdev_page_io(struct md_rdev *rdev, sector_t sector, struct page *page,
			  unsigned int offset, unsigned int size, blk_opf_t opf);

/* md_helpers.c: the bitmap */
bool raid1rs_bitmap_enabled(struct mddev *mddev, bool flush);
bool raid1rs_bitmap_start(struct mddev *mddev, sector_t *sector,
			  unsigned long *sectors, bool discard);
void raid1rs_bitmap_end(struct mddev *mddev, sector_t sector,
			unsigned long sectors, bool discard);
void raid1rs_bitmap_unplug(struct mddev *mddev, bool sync);
bool raid1rs_bitmap_start_sync(struct mddev *mddev, sector_t sector,
			       sector_t *sectors, bool degraded);
void raid1rs_bitmap_end_sync(struct mddev *mddev, sector_t sector,
			     sector_t *sectors);
void raid1rs_bitmap_cond_end_sync(struct mddev *mddev, sector_t sector);
void raid1rs_bitmap_close_sync(struct mddev *mddev);
void raid1rs_bitmap_start_behind(struct mddev *mddev);
void raid1rs_bitmap_end_behind(struct mddev *mddev);
int raid1rs_bitmap_stats(struct mddev *mddev, struct md_bitmap_stats *stats);
int raid1rs_bitmap_resize(struct mddev *mddev, sector_t sectors);
void raid1rs_bitmap_dirty(struct mddev *mddev, unsigned long first_chunk,
			  unsigned long last_chunk);

/* md_helpers.c: block devices */
unsigned int raid1rs_bdev_logical_block_size(struct block_device *bdev);
unsigned int raid1rs_bdev_max_discard_sectors(struct block_device *bdev);
bool raid1rs_bdev_rotational(struct block_device *bdev);
int raid1rs_bdev_name(struct block_device *bdev, char *buffer, size_t size);


/* block_helpers.c */
bool raid1rs_percpu_ref_tryget_live(struct percpu_ref *ref);
void raid1rs_percpu_ref_get(struct percpu_ref *ref);
void raid1rs_percpu_ref_put(struct percpu_ref *ref);
bool raid1rs_wait_has_sleeper(struct wait_queue_head *head);
unsigned long raid1rs_bio_account_start(struct bio *bio);
void raid1rs_bio_wouldblock(struct bio *bio);
bool raid1rs_in_user_task(void);
void raid1rs_bio_init_inline(struct bio *bio, unsigned short max_vecs, blk_opf_t opf);
bool raid1rs_submitting_bios(void);
void raid1rs_cond_resched(void);
mempool_t *raid1rs_kmalloc_pool(int min_nr, size_t size);
void *raid1rs_mempool_alloc(mempool_t *pool, gfp_t gfp);
struct page *raid1rs_alloc_page(gfp_t gfp);
void *raid1rs_page_address(struct page *page);
void raid1rs_put_page(struct page *page);
struct workqueue_struct *raid1rs_alloc_unbound_workqueue(const char *name,
							 enum wq_flags flags);
void raid1rs_init_work(struct work_struct *work, work_func_t func);
bool raid1rs_queue_work(struct workqueue_struct *queue, struct work_struct *work);
unsigned long raid1rs_msecs_to_jiffies(unsigned int ms);
bool raid1rs_printk_ratelimit(struct ratelimit_state *state, const char *what);
void raid1rs_ratelimit_init(struct ratelimit_state *state);
void raid1rs_unlink_plug_callback(struct blk_plug_cb *callback);
unsigned int raid1rs_noio_save(void);
void raid1rs_noio_restore(unsigned int flags);
u64 raid1rs_cycles(void);
