// SPDX-License-Identifier: GPL-2.0
/*
 * Out-of-line copies of the block layer's and the scheduler's inline functions
 * and macros, which Rust can't call.
 */
#include "bindings.h"

bool raid1rs_percpu_ref_tryget_live(struct percpu_ref *ref)
{
	return percpu_ref_tryget_live(ref);
}

void raid1rs_percpu_ref_get(struct percpu_ref *ref)
{
	percpu_ref_get(ref);
}

void raid1rs_percpu_ref_put(struct percpu_ref *ref)
{
	percpu_ref_put(ref);
}

bool raid1rs_wait_has_sleeper(struct wait_queue_head *head)
{
	return wq_has_sleeper(head);
}


unsigned long raid1rs_bio_account_start(struct bio *bio)
{
	if (!blk_queue_io_stat(bio->bi_bdev->bd_disk->queue))
		return 0;
	return bio_start_io_acct(bio);
}

void raid1rs_bio_wouldblock(struct bio *bio)
{
	bio_wouldblock_error(bio);
}

bool raid1rs_in_user_task(void)
{
	return in_task() && !(current->flags & PF_KTHREAD);
}

void raid1rs_bio_init_inline(struct bio *bio, unsigned short max_vecs, blk_opf_t opf)
{
	bio_init_inline(bio, NULL, max_vecs, opf);
}

bool raid1rs_submitting_bios(void)
{
	return current->bio_list != NULL;
}

void raid1rs_cond_resched(void)
{
	cond_resched();
}

mempool_t *raid1rs_kmalloc_pool(int min_nr, size_t size)
{
	return mempool_create_kmalloc_pool(min_nr, size);
}

void *raid1rs_mempool_alloc(mempool_t *pool, gfp_t gfp)
{
	return mempool_alloc(pool, gfp);
}

struct page *raid1rs_alloc_page(gfp_t gfp)
{
	return alloc_page(gfp);
}

void *raid1rs_page_address(struct page *page)
{
	return page_address(page);
}

void raid1rs_put_page(struct page *page)
{
	put_page(page);
}

struct workqueue_struct *raid1rs_alloc_unbound_workqueue(const char *name,
							 enum wq_flags flags)
{
	return alloc_workqueue("%s", WQ_UNBOUND | flags, 0, name);
}

void raid1rs_init_work(struct work_struct *work, work_func_t func)
{
	INIT_WORK(work, func);
}

bool raid1rs_queue_work(struct workqueue_struct *queue, struct work_struct *work)
{
	return queue_work(queue, work);
}

unsigned long raid1rs_msecs_to_jiffies(unsigned int ms)
{
	return msecs_to_jiffies(ms);
}

bool raid1rs_printk_ratelimit(struct ratelimit_state *state, const char *what)
{
	return ___ratelimit(state, what);
}

void raid1rs_ratelimit_init(struct ratelimit_state *state)
{
	ratelimit_default_init(state);
}

void raid1rs_unlink_plug_callback(struct blk_plug_cb *callback)
{
	list_del(&callback->list);
}

unsigned int raid1rs_noio_save(void)
{
	return memalloc_noio_save();
}

void raid1rs_noio_restore(unsigned int flags)
{
	memalloc_noio_restore(flags);
}

u64 raid1rs_cycles(void)
{
	return get_cycles();
}
