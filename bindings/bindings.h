/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What bindgen reads: md's private headers and our own. For everything else the
 * kernel crate's bindings are used.
 */
#ifndef RAID1_RS_BINDINGS_H
#define RAID1_RS_BINDINGS_H

#include <linux/blk-integrity.h>
#include <linux/badblocks.h>
#include <linux/raid/md_p.h>

#include "md.h"
#include "md-bitmap.h"
#include "helpers.h"

#ifdef __BINDGEN__
/* Macros with casts, of which bindgen makes nothing. */
static const blk_status_t RAID1RS_BLK_STS_NOTSUPP = BLK_STS_NOTSUPP;
static const blk_status_t RAID1RS_BLK_STS_RESOURCE = BLK_STS_RESOURCE;
static const blk_status_t RAID1RS_BLK_STS_IOERR = BLK_STS_IOERR;
static const blk_status_t RAID1RS_BLK_STS_AGAIN = BLK_STS_AGAIN;
static const blk_status_t RAID1RS_BLK_STS_INVAL = BLK_STS_INVAL;

static const blk_opf_t RAID1RS_REQ_PREFLUSH = REQ_PREFLUSH;
static const blk_opf_t RAID1RS_REQ_RAHEAD = REQ_RAHEAD;
static const blk_opf_t RAID1RS_REQ_NOWAIT = REQ_NOWAIT;
static const blk_opf_t RAID1RS_REQ_POLLED = REQ_POLLED;
static const blk_opf_t RAID1RS_REQ_ATOMIC = REQ_ATOMIC;
static const blk_opf_t RAID1RS_REQ_INTEGRITY = REQ_INTEGRITY;
static const blk_opf_t RAID1RS_REQ_ALLOC_CACHE = REQ_ALLOC_CACHE;
static const blk_opf_t RAID1RS_MD_FAILFAST = MD_FAILFAST;

static const gfp_t RAID1RS_GFP_NOIO = GFP_NOIO;
static const gfp_t RAID1RS_GFP_NOWAIT = GFP_NOWAIT;

static const blk_features_t RAID1RS_BLK_FEAT_NOWAIT = BLK_FEAT_NOWAIT;
static const blk_features_t RAID1RS_BLK_FEAT_PCI_P2PDMA = BLK_FEAT_PCI_P2PDMA;
static const blk_features_t RAID1RS_BLK_FEAT_ATOMIC_WRITES = BLK_FEAT_ATOMIC_WRITES;
#endif /* __BINDGEN__ */

#endif /* RAID1_RS_BINDINGS_H */
