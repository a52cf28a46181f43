import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ClawError } from '../../../../model/failure.ts'
import { isSound } from '../../../../sim/market/report.ts'
import { usualSize } from '../../../../sim/market/request.ts'
import { marketText } from '../../../../sim/market/text.ts'
import { command } from '../../line/command.ts'

/** More would not be played in a reasonable time. */
const most = 5_000

export default command({
  name: 'sim market',
  about: 'Simulate a market of GPUs among strangers, some of whom cheat.',
  details:
    'Plays six hours of providers who lend and buyers who rent by the rules of MOLT, in virtual time: offers, bids, leases, meter notes, vouchers, accounts, names. The report says at which prices how much was lent, what honest parties lost and what cheats gained. One seed plays the same market each time. Exit code 1 says that somebody lost more than was promised, that credit came or went, that a GPU was promised twice, or that an agreement was left open.',
  positionals: {},
  options: {
    seed: {
      kind: 'number',
      value: 'N',
      about: 'Fixes who takes part, what they want and how they cheat; 1 if left out',
    },
    providers: { kind: 'number', value: 'N', about: 'How many lend; 200 if left out' },
    buyers: { kind: 'number', value: 'N', about: 'How many rent; 500 if left out' },
    cheats: { kind: 'number', value: 'PERCENT', about: 'How many of either cheat; 10 if left out' },
    jobs: { kind: 'number', value: 'N', about: 'How many jobs each buyer has; 3 if left out' },
    report: { kind: 'text', value: 'FILE', about: 'Where the report goes, too; sim-market-SEED.txt if left out' },
  },
  examples: ['sim market', 'sim market --seed 7 --cheats 30', 'sim market --providers 20 --buyers 40 -o json'],

  async run({ seed = 1, report: file, ...asked }, { host, out }) {
    const size = {
      ...usualSize,
      providers: whole('providers', asked.providers ?? usualSize.providers, [1, most]),
      buyers: whole('buyers', asked.buyers ?? usualSize.buyers, [1, most]),
      cheats: whole('cheats', asked.cheats ?? usualSize.cheats, [0, 100]),
      jobs: whole('jobs', asked.jobs ?? usualSize.jobs, [1, 100]),
    }
    if (!Number.isSafeInteger(seed)) throw new ClawError('INVALID_REQUEST', { problem: '--seed takes a whole number' })
    const onHour = (hours: number): void => out.note(`${hours} of ${size.span / 3_600_000} hours are over`)
    const report = await host.simulateMarket({ size, seed, onHour })
    const path = file ?? `sim-market-${seed}.txt`
    await writeFile(path, `${marketText(report).join('\n')}\n`).catch((error: Error) => {
      throw new ClawError('INVALID_REQUEST', { problem: `the report cannot be written: ${error.message}` })
    })
    await out.result(report, marketText)
    out.note(`Report: ${resolve(path)}`)
    return isSound(report) ? 0 : 1
  },
})

function whole(name: string, value: number, [least, greatest]: readonly [number, number]): number {
  if (Number.isSafeInteger(value) && value >= least && value <= greatest) return value
  throw new ClawError('INVALID_REQUEST', { problem: `--${name} takes a whole number from ${least} to ${greatest}` })
}
