import { expect, test } from 'vitest'
import { createState } from '../../../../src/core/state/state.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { IngressDoor, IngressDoorOptions, IngressGate, ShownPair } from '../../../../src/ports/ingress-door.ts'
import { silent } from '../../../../src/ports/log.ts'
import { IngressService } from '../../../../src/services/ingress/service.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** An ingress of one door that a test stands behind, and what it says. */
async function opened(files: IngressDoorOptions['certificates'] = null) {
  const said: (readonly [string, unknown])[] = []
  const timers: Timer[] = []
  let gate: IngressGate | undefined
  const door: IngressDoor = {
    open: (_, asked) => {
      gate = asked
      return Promise.resolve({ forget: () => {}, show: () => {}, close: () => Promise.resolve() })
    },
  }
  const counts: string[] = []
  let shown: readonly ShownPair[] = []
  let onShown = (): void => {}
  const show = (pairs: readonly ShownPair[]): void => {
    shown = pairs
    onShown()
  }
  const service = new IngressService({
    self: nodeId('ada'),
    control: { state: createState(), onChange: () => () => {} },
    proxy: { backendOf: () => null, onGone: () => () => {} },
    certificates: {
      challenge: () => Promise.resolve(null),
      shown: () => shown,
      onShown: (listener) => {
        onShown = listener
        return () => {}
      },
    },
    door,
    doors: [
      {
        ...{ bind: '127.0.0.1', port: 80, certificates: files, perAddress: 1 },
        pace: { perSecond: 1, withinMs: 1_000 },
      },
    ],
    clock: {
      after: (at, run) => {
        timers.push({ at, run })
        return () => {}
      },
    },
    log: { ...silent, error: (message, facts) => void said.push([message, facts]) },
    metrics: { count: (name) => void counts.push(name), gauge: () => {}, observe: () => {} },
  })
  await service.start()
  if (gate === undefined) throw new Error('it was not opened')
  return { gate, said, timers, counts, service, show }
}

test('given failures that nobody expected, when many come, then the first is told and then their number', async () => {
  const { gate, said, timers, counts, service } = await opened()
  const errors = [new Error('one'), new Error('two'), new Error('three')]
  for (const error of errors) gate.onFailure(error)
  expect(said).toEqual([[expect.any(String), { error: errors[0] }]])
  timers.at(-1)?.run()
  expect(said[1]).toEqual([expect.any(String), { count: 2 }])
  gate.onFailure(errors[2])
  expect(said[2]).toEqual([expect.any(String), { error: errors[2] }])
  expect(counts).toEqual(Array.from({ length: 4 }, () => 'claw_ingress_failures_total'))
  await service.stop()
})

test('given a door for TLS without files, when no certificate has been ordered, then that is a problem until one is there', async () => {
  const { service, show } = await opened([])
  const told: (readonly string[])[] = []
  service.onProblems(() => told.push(service.problems()))
  expect(service.problems()).toEqual([expect.stringContaining('no certificate can be shown at 127.0.0.1:80')])
  show([{ host: 'app.example.org', cert: 'chain', key: 'key' }])
  expect(told).toEqual([[]])
  await service.stop()
  for (const files of [null, [{ cert: 'a.pem', key: 'a.key' }]]) {
    const other = await opened(files)
    expect(other.service.problems()).toEqual([])
    await other.service.stop()
  }
})
