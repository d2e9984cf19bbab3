/* POST /fhir/Task: a hospital cancels a claim. What has not left is cancelled at once; what may have left is asked back
 * from the insurer, and the task says how that ends. */
#ifndef INTAKE_TASK_H
#define INTAKE_TASK_H

#include "intake/intake.h"

/* Adds POST /fhir/Task to intake->router; reads and searches of tasks are read_routes'. Errors as http_router_add. */
int task_routes(struct intake *intake) MUSTUSE;

#endif
