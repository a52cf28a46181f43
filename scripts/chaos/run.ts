/**
 * "npm run chaos": 500 submissions to a mesh of five real daemons, each on a lab host of its own, while cables are pulled, frames lost,
 * daemons stopped and killed, a disk filled and a clock set. Prints what happened as JSON lines; ends with 1 when a promise was broken.
 * Takes root. "npm run chaos -- SUBMISSIONS SECONDS".
 */
import { storm } from '../../test/support/chaos/storm.ts'

const [submissions = 500, seconds = 300] = process.argv.slice(2).map(Number)
const say = (what: string, facts: object): void => console.log(JSON.stringify({ what, ...facts }))

const plan = { hosts: 5, submissions, trouble: seconds * 1_000, fault: 12_000, stop: 30_000, say }
const { verdict, repeats, ...counts } = await storm(plan)
for (const repeat of repeats) say('repeated', repeat)
const { doubleBooked, startedTwice } = verdict
const broken = {
  ...{ lost: counts.lost, notLinearizable: counts.notLinearizable, doubleBooked, startedTwice },
  // The leader is stopped for longer than the lease here. `stop` relies on a daemon that lives, so what was repeated of it is told and not
  // judged: somebody has to look at why.
  ranTwice: repeats.filter(({ policy }) => policy === 'continue').map(({ workload }) => workload),
}
say('counts', counts)
say('broken', broken)
process.exitCode = Object.values(broken).every(({ length }) => length === 0) ? 0 : 1
