import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { fakeHost } from '../../../support/fake-host.ts'
import { cli, items } from '../../../support/run-cli.ts'

const line = [
  'molt',
  'request',
  '--yes',
  '-d',
  '--duration',
  '1m',
  '--max-price',
  '5',
  '--image',
  'busybox',
  '--',
  'ls',
]
const quote = (reasons: Record<string, number>, bids: readonly object[] = []) => ({
  ...{ quote: 'q-1', bids, maxPrice: { micro: '5000000', inWords: '5.00 MOLT' } },
  found: { offers: bids.length, asked: bids.length, bids: bids.length, reasons },
})
const money = { micro: '36000000', inWords: '36.00 MOLT' }
const bid = {
  provider: '12D3Koo',
  gpus: 1,
  model: 'A100',
  rate: money,
  most: money,
  isolation: 'gvisor',
  intervalMs: 4_000,
  verification: 'probed',
}
const moltJob = {
  ...{ id: 'mj-1', name: 'busybox', state: 'running', why: null, round: 1, provider: '12D3Koo', gpus: 1 },
  ...{ model: 'A100', work: { exitCode: 0, about: null, stopBy: null }, check: null, tries: [], found: null },
  ...{ backBy: null, cost: { paid: money, promised: { micro: '0', inWords: '0 MOLT' } } },
}
const job = () => ({ id: 'mj-1', name: 'busybox' })

describe('given one who asks strangers to run something', () => {
  test('when the GPUs are just being looked at after another guest, then it asks again, and takes them', async () => {
    const quotes = [quote({ capacity: 1 }), quote({}), quote({}, [bid])]
    const { code, out, err, asked } = await cli(line, { 'molt.quote': () => quotes.shift(), 'molt.request': job })
    expect({ code, out }).toEqual({ code: 0, out: 'mj-1\n' })
    expect(err.match(/asking again/g)).toHaveLength(1)
    expect(asked.map(({ name }) => name)).toEqual(['molt.quote', 'molt.quote', 'molt.quote', 'molt.request'])
  })

  test.each([
    ['no provider answers', { 'no answer': 1 }, 'they did not answer (1×); asking again'],
    ['nobody lends', {}, 'nobody offers any GPUs now; asking again'],
  ])(
    'when %s for as long as it asks, then it says so, and gives up however the clock is set',
    async (_, reasons, said) => {
      // Each look at the steady clock takes three seconds, and each look at the other one is a second before the last.
      const [steady, set] = [vi.spyOn(performance, 'now'), vi.spyOn(Date, 'now')]
      let looks = 0
      steady.mockImplementation(() => 3_000 * (looks += 1))
      set.mockImplementation(() => 1_800_000_000_000 - 1_000 * (looks += 1))
      try {
        const over = new AbortController()
        const late = setTimeout(() => over.abort(), 4_000)
        const { code, err, asked } = await cli(line, { 'molt.quote': () => quote(reasons) }, fakeHost(), over)
        clearTimeout(late)
        expect({ code, asked: asked.length }).toEqual({ code: 6, asked: 3 })
        expect(err.match(/asking again/g)).toHaveLength(1)
        expect(err).toContain(said)
        expect(err).toContain('No provider would run it')
      } finally {
        steady.mockRestore()
        set.mockRestore()
      }
    },
  )

  test('when it is the only one who lends, then it waits for nobody else', async () => {
    const { code, err, asked } = await cli(line, { 'molt.quote': () => quote({ own: 2 }) })
    expect({ code, asked: asked.length }).toEqual({ code: 6, asked: 1 })
    expect(err).toContain('No provider would run it: no offer fits: the node that buys lends them itself (2×).')
  })

  test('when nothing will change soon, then it says at once what stands against it', async () => {
    const { code, err, asked } = await cli(line, { 'molt.quote': () => quote({ 'too-long': 1 }) })
    expect({ code, asked: asked.length }).toEqual({ code: 6, asked: 1 })
    expect(err).toContain('No provider would run it: no offer fits: they do not lend for so long (1×).')
  })

  test('when the bids that it said yes to hold no more, then it is shown new ones before anything is submitted', async () => {
    const ids = ['q-1', 'q-2']
    const { code, err, asked } = await cli(line, {
      'molt.quote': () => ({ ...quote({}, [bid]), quote: ids.shift() }),
      'molt.request': (input: unknown) => {
        const { quote: named } = input as { quote: string }
        if (named === 'q-1') throw new ClawError('MOLT_QUOTE_GONE', { quote: named })
        return job()
      },
    })
    expect(code).toBe(0)
    expect(err).toContain('none of these bids holds any more; asking for new ones …')
    expect(asked.map(({ name }) => name)).toEqual(['molt.quote', 'molt.request', 'molt.quote', 'molt.request'])
  })

  test('when no bid lasts until it is taken, then it gives up', async () => {
    const { code, err, asked } = await cli(line, {
      'molt.quote': () => quote({}, [bid]),
      'molt.request': () => {
        throw new ClawError('MOLT_QUOTE_GONE', { quote: 'q-1' })
      },
    })
    expect({ code, asked: asked.length }).toEqual({ code: 7, asked: 6 })
    expect(err).toContain('No bid of quote q-1 holds any more')
  })

  test('when its job comes back to a state, then that is told again, and what stays as it is only once', async () => {
    const state = (parts: object) => ({ ...moltJob, ...parts })
    const stopping = { ...moltJob.work, stopBy: '2026-01-01T00:10:00.000Z' }
    const attached = line.filter((word) => word !== '-d')
    const { code, err } = await cli(attached, {
      'molt.quote': () => quote({}, [bid]),
      'molt.request': job,
      'moltjob.follow': () =>
        items(state({}), state({}), state({ work: stopping }), state({}), state({ state: 'completed' })),
      'moltjob.logs': () => items(),
    })
    expect(code).toBe(0)
    expect(err.match(/busybox runs with 1× A100$/gm)).toHaveLength(2)
    expect(err.match(/takes them back/g)).toHaveLength(1)
  })

  test.each([
    ['there is no yes', [], [bid], 5],
    ['nobody bids', ['--yes'], [], 6],
    ['it only looks', ['--dry-run'], [bid], 0],
  ])('when files were sent and %s, then it says where they are, and for how long', async (_, flags, bids, ended) => {
    const data = mkdtempSync(join(tmpdir(), 'claw-input-'))
    try {
      const words = line.slice(4)
      const { code, err, asked } = await cli(['molt', 'request', ...flags, '--input', `${data}:/in`, ...words], {
        ...{ 'moltjob.upload': () => ({ received: 1 }), 'moltjob.keep': () => ({ bytes: 1_024, sha256: '' }) },
        'molt.quote': () => quote({ 'too-long': 1 }, bids),
      })
      expect([code, asked.some(({ name }) => name === 'molt.request')]).toEqual([ended, false])
      expect(err).toContain(`the node that buys has ${data} unless a job has taken it: it keeps that for an hour`)
      expect(err).not.toContain('Nothing was done')
    } finally {
      rmSync(data, { recursive: true })
    }
  })

  test('when files were sent and its job has them, or there were none, then nothing is said of what is left', async () => {
    const data = mkdtempSync(join(tmpdir(), 'claw-input-'))
    try {
      const answers = {
        ...{ 'moltjob.upload': () => ({ received: 1 }), 'moltjob.keep': () => ({ bytes: 1_024, sha256: '' }) },
        ...{ 'molt.quote': () => quote({}, [bid]), 'molt.request': job },
      }
      const sent = await cli([...line.slice(0, 4), '--input', `${data}:/in`, ...line.slice(4)], answers)
      const without = await cli(['molt', 'request', '--dry-run', ...line.slice(4)], answers)
      expect([sent.code, sent.err.includes('unless a job')]).toEqual([0, false])
      expect(without.err).not.toContain('unless a job')
    } finally {
      rmSync(data, { recursive: true })
    }
  })
})
