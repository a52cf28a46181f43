/**
 * "npm run chaos:schedule": a schedule of every second on a mesh of three real daemons, whose leader is killed again and again. Prints JSON
 * lines, the last with the counts; ends with 1 when a moment was lost or done twice. "npm run chaos:schedule -- MOMENTS KILLS EVERY".
 */
import { killedSchedule } from '../../test/support/chaos/schedule.ts'

const [moments = 1_000, kills = 20, every = 1] = process.argv.slice(2).map(Number)
const say = (what: string, facts: object): void => console.log(JSON.stringify({ what, ...facts }))
const counts = await killedSchedule({ moments, kills, every, say })
say('counts', counts)
process.exitCode =
  counts.doubled === 0 && counts.lost === 0 && counts.missed === 0 && counts.runs === counts.fired ? 0 : 1
