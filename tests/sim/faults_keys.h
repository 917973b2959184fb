/* faults_keys.h: what operators and other programs do to etcd's keys.
 *
 * A part of faults.h, for faults.c alone.
 */
#ifndef FAULTS_KEYS_H
#define FAULTS_KEYS_H

#include "sim/faults.h"

void faults_keys_start(struct world *w, const struct fault *fault);
void faults_keys_mend(struct world *w, const struct fault *fault);

/* Take back what is left of them. */
void faults_keys_end(struct world *w);

#endif
