import { describe, expect, test } from 'vitest'
import type { Attended } from '../../../../src/core/agent/attended.ts'
import type { PlacementId } from '../../../../src/model/ids.ts'
import { Health } from '../../../../src/model/probe.ts'
import type { Clock } from '../../../../src/ports/clock.ts'
import type { Checked } from '../../../../src/services/agent/check.ts'
import { Prober } from '../../../../src/services/agent/prober.ts'
import { World } from '../../../../src/simulation/world.ts'

const id = 'wl-a.1' as PlacementId
const check = { type: 'tcp', port: 80 }
const well: Checked = { answer: { verdict: 'well' }, isLate: false }
const late: Checked = { answer: { verdict: 'unwell', detail: 'no answer' }, isLate: true }

/** A process that can be held up: its timers and whatever it waits for come only when it goes on. */
class Host {
  readonly world: World
  readonly prober: Prober
  readonly asked: number[] = []
  /** What a check comes to, and after how long. */
  answer: () => { readonly checked: Checked; readonly after: number } = () => ({ checked: well, after: 5 })
  #heldUntil = 0

  constructor(seed = 1) {
    this.world = new World(seed)
    const clock: Clock = {
      now: () => this.world.now(),
      elapsed: () => this.world.elapsed(),
      after: (wait, run) => this.#after(wait, run),
    }
    this.prober = new Prober({
      ...{ clock, metrics: { count() {}, gauge() {}, observe() {} }, onChange: () => {} },
      check: () => {
        this.asked.push(this.world.elapsed())
        const { checked, after } = this.answer()
        return new Promise((resolve) => void this.#after(after, () => resolve(checked)))
      },
    })
  }

  holdUp(span: number): void {
    this.#heldUntil = this.world.elapsed() + span
  }

  attend(health: object, known: Attended['known'] = {}): void {
    const one = { health: Health.parse(health), startedAt: this.world.now(), known }
    this.prober.attend(new Map([[id, one]]))
  }

  opinion() {
    return this.prober.opinions().get(id)
  }

  #after(wait: number, run: () => void): () => void {
    let cancelled = false
    const go = (): void => {
      if (cancelled) return
      const left = this.#heldUntil - this.world.elapsed()
      if (left > 0) this.world.after(left, go)
      else run()
    }
    this.world.after(wait, go)
    return () => (cancelled = true)
  }
}

const liveness = { check, everyMs: 1_000, timeoutMs: 500, failures: 2 }

test('asks at the pace of the probe, whatever an answer takes, and never twice at a time', async () => {
  const host = new Host()
  host.answer = () => ({ checked: well, after: 300 })
  host.attend({ liveness })
  await host.world.runFor(3_500)
  expect(host.asked).toEqual([0, 1_000, 2_000, 3_000])
  host.answer = () => ({ checked: well, after: 2_500 })
  await host.world.runFor(6_000)
  expect(host.asked.slice(4)).toEqual([4_000, 6_500, 9_000])
})

test('stops asking what is attended no more, and forgets what was said of it', async () => {
  const host = new Host()
  host.attend({ liveness })
  await host.world.runFor(1_500)
  host.prober.attend(new Map())
  await host.world.runFor(10_000)
  expect(host.asked).toHaveLength(2)
  expect(host.opinion()).toBeUndefined()
})

describe('a process that is held up', () => {
  test('ends nothing for it, though every answer comes late', async () => {
    const host = new Host()
    host.attend({ liveness })
    await host.world.runFor(1_500)
    host.answer = () => ({ checked: late, after: 500 })
    for (let round = 0; round < 20; round += 1) {
      host.holdUp(3_000)
      await host.world.runFor(3_100)
    }
    expect(host.asked.length).toBeGreaterThan(10)
    expect(host.opinion()?.fatal).toBeNull()
  })

  test('does not excuse what is late although it was awake', async () => {
    const host = new Host()
    host.holdUp(5_000)
    host.attend({ liveness })
    host.answer = () => ({ checked: late, after: 500 })
    await host.world.runFor(10_000)
    expect(host.opinion()?.fatal).toBe('liveness: no answer')
  })

  test('does not excuse what has said that it is not well', async () => {
    const host = new Host()
    host.answer = () => ({ checked: { answer: { verdict: 'unwell', detail: 'HTTP 500' }, isLate: false }, after: 5 })
    host.attend({ liveness })
    host.holdUp(3_000)
    await host.world.runFor(8_000)
    expect(host.opinion()?.fatal).toBe('liveness: HTTP 500')
  })
})

test.each(Array.from({ length: 50 }, (_, seed) => seed))(
  'given seed %i, a service that always answers in time, pauses and restarts of the daemon, then it stays ready and alive',
  async (seed) => {
    const dice = new World(seed)
    const health = { startup: { check, failures: 1 }, readiness: { ...liveness, failures: 1 }, liveness }
    let known: Attended['known'] = {}
    for (let life = 0; life < 4; life += 1) {
      const host = new Host(seed)
      host.answer = () => {
        const held = dice.next() < 0.3
        if (held) host.holdUp(1_000 + dice.next() * 5_000)
        return held ? { checked: late, after: 500 } : { checked: well, after: dice.next() * 400 }
      }
      host.attend(health, known)
      await host.world.runFor(30_000)
      const { ready, fatal } = host.opinion() ?? {}
      expect({ ready, fatal }).toEqual({ ready: true, fatal: null })
      known = { ready: true, readySince: host.world.now() }
    }
  },
)
