import { describe, expect, test } from 'vitest'
import { nextStep, troubleOf, waitAfter } from '../../../../src/core/tailscale/next.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { Tailnet } from '../../../../src/model/tailnet.ts'
import type { TailscaleWhy } from '../../../../src/model/tailnet-failures.ts'
import { day } from '../../../../src/model/time.ts'
import { plainSetup, running } from '../../../support/tailscale-samples.ts'

const now = Date.UTC(2026, 5, 1)
const next = (tailnet: Partial<Tailnet>, parts: object = {}) =>
  nextStep({ ...running, ...tailnet }, { setup: plainSetup, hasKey: true, isTold: true, now, ...parts })
const byHand = { ...plainSetup, manages: false }

describe('given a host that nobody has logged in', () => {
  const out = { state: 'NeedsLogin', hasNodeKey: false } as const

  test('with a key it logs in', () => {
    expect(next(out)).toEqual({ do: 'up', isRenewal: false })
  })

  test('without one, or where its owner does it, a person is told the command', () => {
    for (const parts of [{ hasKey: false }, { setup: byHand }])
      expect(next(out, parts)).toMatchObject({
        do: 'nothing',
        trouble: { command: expect.stringContaining('sudo tailscale up --hostname=clawnode-ada') as unknown },
      })
  })

  test('a login that has run out is renewed, as a key alone does not do it', () => {
    const over = { state: 'NeedsLogin', hasNodeKey: true, isExpired: true } as const
    expect(next(over)).toEqual({ do: 'up', isRenewal: true })
    expect(next({ ...over, isExpired: false })).toEqual({ do: 'up', isRenewal: false })
    expect(next(over, { hasKey: false })).toMatchObject({
      trouble: { command: expect.stringMatching(/--force-reauth$/) as unknown },
    })
  })
})

test('what somebody has turned off stays off', () => {
  const trouble = { words: 'it was turned off', command: 'clawbernetes network tailscale up' }
  expect(next({ state: 'Stopped' }, { isTold: false })).toEqual({ do: 'nothing', trouble })
})

test('one that is up is told the settings once', () => {
  expect(next({}, { isTold: false })).toEqual({ do: 'up', isRenewal: false })
  expect(next({})).toEqual({ do: 'nothing', trouble: null })
  expect(next({}, { isTold: false, setup: byHand })).toEqual({ do: 'nothing', trouble: null })
})

test.each([
  [{ state: 'NeedsMachineAuth' }, {}, /administrator/],
  [{ state: 'InUseOtherUser' }, {}, /another user/],
  [{ addresses: [] }, {}, /no address/],
  [
    { name: 'other.example' },
    { setup: { ...plainSetup, tailnet: 'example.org' } },
    /other\.example, not in example\.org/,
  ],
  [{ keyExpiresAt: now + 3 * day }, {}, /runs out at 2026-06-04T00:00:00/],
  [{ isUserspace: true }, {}, /no interface/],
] as const)('%j with %j is told to people', (tailnet, parts, words) => {
  expect(next(tailnet, parts)).toMatchObject({
    do: 'nothing',
    trouble: { words: expect.stringMatching(words) as unknown },
  })
})

test('a login that lasts is no trouble, nor is a tailnet that is on its way', () => {
  expect(next({ keyExpiresAt: now + 30 * day })).toEqual({ do: 'nothing', trouble: null })
  for (const state of ['Starting', 'NoState'] as const)
    expect(next({ state })).toEqual({ do: 'nothing', trouble: null })
})

test.each([
  ['missing', /install\.sh/],
  ['daemon', /systemctl enable --now tailscaled/],
  ['denied', /^sudo tailscale up .*--operator=clawnode/],
  ['settings', /^sudo tailscale up .*--reset$/],
  ['refused', null],
] as readonly [TailscaleWhy, RegExp | null][])('%s is helped by %s', (why, command) => {
  const error = new ClawError('TAILSCALE_FAILED', { why, problem: 'it said no' })
  const trouble = troubleOf(error, { ...plainSetup, operator: 'clawnode' })
  if (command === null) expect(trouble).toEqual({ words: 'it said no', command: null })
  else expect(trouble.command).toMatch(command)
})

test('a server that refuses is asked ever less often, and at least every ten minutes', () => {
  expect([0, 1, 2, 3, 20].map(waitAfter)).toEqual([0, 15_000, 30_000, 60_000, 600_000])
})
