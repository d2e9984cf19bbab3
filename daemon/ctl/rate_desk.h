/* What the commands on exchange rates work with: the rates that are known, today, and what is found wrong. */
#ifndef CTL_RATE_DESK_H
#define CTL_RATE_DESK_H

#include "ctl/report.h"
#include "lib/fault.h"
#include "model/rate_batch.h"
#include "settle/rate_import.h"

/* Members are read freely. */
struct rate_desk {
	struct ctl *ctl;         /* borrowed */
	struct arena arena;      /* of all that is made */
	struct rate_known known; /* read from the database */
	struct rate_reading reading;
	struct fault_list faults;
};

/* Begins with no rate known. End it by rate_desk_close. */
void rate_desk_open(struct ctl *ctl, struct rate_desk *desk);
/* Usable with CLEANUP. */
void rate_desk_close(struct rate_desk *desk);
/* Reads the rates of these days, and of each series the last before and the first after; bank: whose own prices too, or
 * NULL. Once. */
int rate_desk_know(struct rate_desk *desk, const char *bank, int32_t from, int32_t to) MUSTUSE;

/* The zone in which days and times are told where no hospital is meant: the first hospital's; NULL: UTC. */
const struct zone *rate_desk_zone(const struct ctl *ctl);
/* "cfets", "bank-buy (icbc)" */
struct cell cell_rate_source(uint8_t source, const char *bank);
/* "100 JPY = 4.8120 CNY" */
struct cell cell_rate(const struct rate *rate);

/* money rate import */
int money_rate_import(struct ctl *ctl, int argc, char **argv);
/* money rate set, correct, approve, refuse */
int money_rate_set(struct ctl *ctl, int argc, char **argv);
int money_rate_correct(struct ctl *ctl, int argc, char **argv);
int money_rate_approve(struct ctl *ctl, int argc, char **argv);
int money_rate_refuse(struct ctl *ctl, int argc, char **argv);

#endif
