/* How a hospital's order to cancel ended, as table task keeps it: one of these codes or of those that task_commit
 * writes, and behind ": " what else is to be said. Intake tells each in a sentence, in both languages. */
#ifndef MODEL_TASK_OUTCOME_H
#define MODEL_TASK_OUTCOME_H

#define TASK_OUTCOME_NO_CHANNEL "channel-cannot-cancel" /* this insurer takes no cancellations */
#define TASK_OUTCOME_REFUSED "insurer-refused"          /* it was asked and did not cancel */
#define TASK_OUTCOME_STUCK "not-asked"                  /* it could not be asked: for the operator */

#endif
