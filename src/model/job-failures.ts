/** What can go wrong with jobs, schedules and workflows. */
import { failure } from './failure-row.ts'

export const jobFailures = {
  JOB_NOT_FOUND: failure(
    'not-found',
    ({ job }: { job: string }) => `No job is called ${job}.`,
    'List the jobs with `clawbernetes job list`.',
  ),
  JOB_EXISTS: failure(
    'conflict',
    ({ name }: { name: string }) => `There is a job ${name} already.`,
    'Delete it with `clawbernetes job delete`, or choose another name.',
  ),
  JOB_BUSY: failure(
    'conflict',
    ({ name, reason }: { name: string; reason: string }) => `That cannot be done with the job ${name} now: ${reason}.`,
    'See how far it is with `clawbernetes job status`.',
  ),
  JOB_FAILED: failure(
    'refused',
    ({ name, reason }: { name: string; reason: string }) => `The job ${name} has failed: ${reason}.`,
    'See its runs with `clawbernetes job status`, and their output with `clawbernetes job logs`.',
  ),
  CRON_NOT_FOUND: failure(
    'not-found',
    ({ cron }: { cron: string }) => `No schedule is called ${cron}.`,
    'List the schedules with `clawbernetes cron list`.',
  ),
  CRON_EXISTS: failure(
    'conflict',
    ({ name }: { name: string }) => `There is a schedule ${name} already.`,
    'Delete it with `clawbernetes cron delete`, or choose another name.',
  ),
  CRON_BUSY: failure(
    'conflict',
    ({ name, reason }: { name: string; reason: string }) =>
      `That cannot be done with the schedule ${name} now: ${reason}.`,
    'Look at it with `clawbernetes cron info`.',
  ),
  WORKFLOW_NOT_FOUND: failure(
    'not-found',
    ({ workflow }: { workflow: string }) => `No workflow is called ${workflow}.`,
    'List the workflows with `clawbernetes workflow list`.',
  ),
  WORKFLOW_EXISTS: failure(
    'conflict',
    ({ name }: { name: string }) => `There is a workflow ${name} already.`,
    'Delete it with `clawbernetes workflow delete`, or choose another name.',
  ),
  WORKFLOW_BUSY: failure(
    'conflict',
    ({ name, reason }: { name: string; reason: string }) =>
      `That cannot be done with the workflow ${name} now: ${reason}.`,
    'See how far it is with `clawbernetes workflow status`.',
  ),
  WORKFLOW_CYCLE: failure(
    'invalid',
    ({ circle }: { circle: string }) => `The steps of the workflow need each other in a circle: ${circle}.`,
    'Take one of these needs away.',
  ),
  WORKFLOW_REFERENCE: failure(
    'invalid',
    ({ step, place, problem }: { step: string; place: string; problem: string }) =>
      `The step ${step} cannot be told that at ${place}: ${problem}.`,
    'Have the file checked with `clawbernetes workflow validate`.',
  ),
  WORKFLOW_VALUE_MISSING: failure(
    'refused',
    ({ step, text }: { step: string; text: string }) => `The step ${step} has handed on nothing for {{${text}}}.`,
    'End it with a question mark, as in {{steps.NAME.result?}}, where it need not be there.',
  ),
  WORKFLOW_FAILED: failure(
    'refused',
    ({ name, reason }: { name: string; reason: string }) => `The workflow ${name} has failed: ${reason}.`,
    'See its steps with `clawbernetes workflow status`, then try again what failed with `clawbernetes workflow retry`.',
  ),
} as const
