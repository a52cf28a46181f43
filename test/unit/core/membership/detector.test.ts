import fc from 'fast-check'
import { expect, test } from 'vitest'
import { detectorDefaults as settings, suspicionSpan } from '../../../../src/core/membership/detector-settings.ts'
import type { DetectorEffect, DetectorInput, DetectorState } from '../../../../src/core/membership/detector-state.ts'
import { newDetector } from '../../../../src/core/membership/detector-state.ts'
import { stepDetector } from '../../../../src/core/membership/detector.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Rumor, SwimMessage } from '../../../../src/wire/membership.ts'

const self = nodeId('self')
const ids = ['ada', 'bob', 'cyd', 'dan', 'eve'].map(nodeId)
const [ada, bob, cyd] = [nodeId('ada'), nodeId('bob'), nodeId('cyd')]

class Bench {
  readonly state: DetectorState = newDetector(self, 1_000, 0)
  at = 0
  effects: DetectorEffect[] = []

  constructor(members = ids) {
    this.do({ type: 'members', ids: [self, ...members] })
    for (const peer of members) this.do({ type: 'connected', peer })
    for (const peer of members) this.hear(peer, { type: 'rumors', incarnation: 1, rumors: [] })
    this.answerAll()
    this.effects = []
  }

  do(input: DetectorInput): void {
    this.effects.push(...stepDetector(this.state, input, { at: this.at, chance: () => 0.3 }, settings))
  }

  hear(from: string, message: SwimMessage): void {
    this.do({ type: 'received', from: nodeId(from), message })
  }

  /** Time goes by, with every tick on time; `answering` peers answer every ping at once. */
  run(span: number, answering: readonly string[] = []): void {
    for (const end = this.at + span; this.state.due <= end;) {
      this.at = Math.max(this.at, this.state.due)
      this.do({ type: 'tick' })
      this.answerAll(answering)
    }
  }

  answerAll(answering: readonly string[] = ids): void {
    for (const { to, message } of this.sent('ping'))
      if (answering.includes(to)) this.hear(to, { type: 'ack', sequence: message.sequence, incarnation: 1, rumors: [] })
  }

  sent<T extends SwimMessage['type']>(type: T) {
    return this.effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === type
        ? [{ to: effect.to, message: effect.message as Extract<SwimMessage, { type: T }> }]
        : [],
    )
  }

  liveness(id: string): string | undefined {
    return this.state.peers.get(nodeId(id))?.liveness
  }
}

const suspectRumor = (subject: string, incarnation: number, ...accusers: readonly string[]): Rumor => ({
  subject: nodeId(subject),
  incarnation,
  state: 'suspect',
  accusers: accusers.map(nodeId),
})
const rumors = (...list: readonly Rumor[]): SwimMessage => ({ type: 'rumors', incarnation: 1, rumors: list })

test('given peers that answer, when time goes by, then all are alive and one is probed in each period', () => {
  const bench = new Bench()
  bench.run(20_000, ids)
  expect(ids.map((id) => bench.liveness(id))).toEqual(ids.map(() => 'alive'))
  const probed = bench.sent('ping').map(({ to }) => to)
  expect(probed.length).toBeLessThanOrEqual(21)
  expect(new Set(probed.slice(0, 5)).size).toBe(5)
})

test('given a peer that stops answering, when its connection is reset, then it is suspect within 2 s and lost within 6 s', () => {
  const bench = new Bench()
  const rest = ids.filter((id) => id !== ada)
  bench.do({ type: 'disconnected', peer: ada })
  expect(bench.liveness('ada')).toBe('alive')
  bench.run(2_000, rest)
  expect(bench.liveness('ada')).toBe('suspect')
  bench.hear(bob, rumors(suspectRumor('ada', 1, 'bob', 'cyd', 'dan')))
  bench.run(4_000, rest)
  expect(bench.liveness('ada')).toBe('lost')
})

test('given a lost direct ping, when another peer reaches the target, then nobody is accused', () => {
  const bench = new Bench()
  bench.do({ type: 'doubt', peer: ada })
  bench.run(
    350,
    ids.filter((id) => id !== ada),
  )
  const asked = bench.sent('ask')
  expect(asked).toHaveLength(settings.proxies)
  bench.hear(asked[0]?.to ?? '', { type: 'ack', sequence: asked[0]?.message.sequence ?? 0, incarnation: 1, rumors: [] })
  bench.run(900, ids)
  expect(bench.liveness('ada')).toBe('alive')
})

test('given an answer from a peer that was not asked, when it arrives, then it counts for nothing', () => {
  const bench = new Bench()
  bench.do({ type: 'doubt', peer: ada })
  const [ping] = bench.sent('ping')
  bench.hear(bob, { type: 'ack', sequence: ping?.message.sequence ?? 0, incarnation: 1, rumors: [] })
  bench.run(
    1_500,
    ids.filter((id) => id !== ada),
  )
  expect(bench.liveness('ada')).toBe('suspect')
})

test('given a request to probe, when the target answers, then the answer is passed on, and else a nack in time', () => {
  const bench = new Bench()
  bench.hear(bob, { type: 'ask', sequence: 77, incarnation: 1, target: ada, rumors: [] })
  const [ping] = bench.sent('ping')
  expect(ping?.to).toBe(ada)
  bench.run(300)
  expect(bench.sent('nack')).toEqual([{ to: bob, message: { type: 'nack', sequence: 77 } }])
  bench.hear(ada, { type: 'ack', sequence: ping?.message.sequence ?? 0, incarnation: 5, rumors: [] })
  expect(bench.sent('ack')).toEqual([{ to: bob, message: { type: 'ack', sequence: 77, incarnation: 5, rumors: [] } }])
})

test('given a suspicion, when the peer refutes it with a higher incarnation, then it is alive, and the old one cannot come back', () => {
  const bench = new Bench()
  bench.hear(bob, rumors(suspectRumor('ada', 1, 'bob')))
  expect(bench.liveness('ada')).toBe('suspect')
  bench.hear(cyd, rumors({ subject: ada, incarnation: 2, state: 'alive', accusers: [] }))
  expect(bench.liveness('ada')).toBe('alive')
  bench.hear(bob, rumors(suspectRumor('ada', 1, 'bob', 'cyd')))
  expect(bench.liveness('ada')).toBe('alive')
})

test('given a suspected peer, when it is pinged, then it is told first what is said of it', () => {
  const bench = new Bench()
  bench.hear(bob, rumors(suspectRumor('ada', 1, 'bob')))
  // Long enough for the news to have been told often enough, and for the suspicion to stand.
  bench.run(
    2_500,
    ids.filter((id) => id !== ada),
  )
  bench.state.news.clear()
  bench.effects = []
  for (const probe of bench.state.probes.values())
    bench.hear(ada, { type: 'ack', sequence: probe.sequence, incarnation: 1, rumors: [] })
  bench.do({ type: 'doubt', peer: ada })
  expect(bench.sent('ping')[0]?.message.rumors[0]).toEqual(suspectRumor('ada', 1, 'bob'))
})

test('given news, when it is passed on, then no message says a thing twice, and each thing is said a limited number of times', () => {
  const bench = new Bench()
  bench.hear(bob, rumors(suspectRumor('ada', 1, 'bob'), suspectRumor('cyd', 1, 'bob')))
  bench.effects = []
  bench.run(2_000, ids)
  const said = bench.sent('rumors').map(({ message }) => message.rumors.map(({ subject }) => subject))
  expect(said.length).toBeGreaterThan(3)
  for (const subjects of said) expect(new Set(subjects).size).toBe(subjects.length)
  expect(said.flat().length).toBeLessThan(20)
  expect(bench.state.news.size).toBe(0)
})

test('given we are accused, when we hear of it, then we say that we live and take it as a sign that we are slow', () => {
  const bench = new Bench()
  bench.hear(bob, { type: 'ping', sequence: 9, incarnation: 1, rumors: [suspectRumor('self', 1_000, 'bob')] })
  const [answer] = bench.sent('ack')
  expect(answer?.message.incarnation).toBe(1_001)
  expect(answer?.message.rumors[0]).toMatchObject({ subject: self, incarnation: 1_001, state: 'alive' })
  expect(bench.state.health).toBe(1)
})

test('given proxies that do not even say that they were asked, when a probe fails, then our own health worsens', () => {
  const bench = new Bench()
  bench.do({ type: 'doubt', peer: ada })
  bench.run(1_200)
  expect(bench.state.health).toBeGreaterThan(2)
  bench.run(1_000)
  expect(bench.state.periodAt - bench.at).toBeGreaterThan(2_000)
})

test('given this process was stopped for long, when it goes on, then it waits for answers instead of accusing', () => {
  const bench = new Bench()
  bench.do({ type: 'doubt', peer: ada })
  bench.hear(bob, rumors(suspectRumor('cyd', 1, 'bob')))
  const [ping] = bench.sent('ping')
  bench.at += 60_000
  bench.do({ type: 'tick' })
  expect([bench.liveness('ada'), bench.liveness('cyd')]).toEqual(['alive', 'suspect'])
  bench.hear(ada, { type: 'ack', sequence: ping?.message.sequence ?? 0, incarnation: 1, rumors: [] })
  expect(bench.state.probes.has(ping?.message.sequence ?? 0)).toBe(false)
  expect(bench.state.health).toBeGreaterThan(5)
})

test('given a member that we never had a connection to, when others cannot reach it either, then we do not accuse it', () => {
  const bench = new Bench()
  const far = nodeId('far')
  bench.do({ type: 'members', ids: [self, ...ids, far] })
  bench.do({ type: 'vouched', peer: far, incarnation: 44 })
  bench.run(20_000, ids)
  expect(bench.liveness('far')).toBe('alive')
  bench.do({ type: 'doubt', peer: far })
  bench.run(15_000, ids)
  expect(bench.effects).toContainEqual({ type: 'changed', peer: far, liveness: 'suspect' })
})

test('given rumors of unknown nodes, when they arrive, then nothing is known of these and nothing is passed on', () => {
  const bench = new Bench()
  bench.hear(
    bob,
    rumors(suspectRumor('mallory', 1, 'bob'), { subject: nodeId('eva'), incarnation: 3, state: 'alive', accusers: [] }),
  )
  bench.hear(nodeId('mallory'), rumors(suspectRumor('ada', 1, 'mallory')))
  expect(bench.state.peers.size).toBe(5)
  expect(bench.state.news.size).toBe(0)
  expect(bench.liveness('ada')).toBe('alive')
})

test('given a member that was never heard of, when its time runs out, then it is lost here and nobody is told', () => {
  const bench = new Bench()
  bench.do({ type: 'members', ids: [self, ...ids, nodeId('ghost')] })
  expect(bench.liveness('ghost')).toBe('suspect')
  bench.run(20_000, ids)
  expect(bench.liveness('ghost')).toBe('lost')
  expect(bench.state.news.has(nodeId('ghost'))).toBe(false)
  bench.do({ type: 'vouched', peer: nodeId('ghost'), incarnation: 44 })
  expect(bench.liveness('ghost')).toBe('alive')
})

test('given a member leaves, when it says so, then it has left, is probed no more, and a later life is alive again', () => {
  const bench = new Bench()
  bench.hear(ada, rumors({ subject: ada, incarnation: 1, state: 'left', accusers: [] }))
  bench.do({ type: 'disconnected', peer: ada })
  bench.effects = []
  bench.run(20_000, ids)
  expect(bench.liveness('ada')).toBe('left')
  expect(bench.sent('ping').some(({ to }) => to === ada)).toBe(false)
  bench.do({ type: 'connected', peer: ada })
  bench.hear(ada, { type: 'rumors', incarnation: 2, rumors: [] })
  expect(bench.liveness('ada')).toBe('alive')
})

test('given we leave, when we say so, then every connected peer is told and nothing is done afterwards', () => {
  const bench = new Bench()
  bench.do({ type: 'leave' })
  expect(bench.sent('rumors').map(({ to }) => to)).toEqual(ids)
  bench.effects = []
  bench.at += 5_000
  bench.do({ type: 'tick' })
  expect(bench.effects).toEqual([])
})

test('given a removed member, when the members are set, then it is forgotten with everything about it', () => {
  const bench = new Bench()
  bench.hear(bob, rumors(suspectRumor('ada', 1, 'bob')))
  bench.do({ type: 'doubt', peer: ada })
  bench.do({ type: 'members', ids: ids.filter((id) => id !== ada) })
  expect(bench.state.peers.has(ada)).toBe(false)
  expect([...bench.state.probes.values()].some(({ target }) => target === ada)).toBe(false)
  expect([...bench.state.suspected, ...bench.state.news.keys()]).not.toContain(ada)
})

test('given a flood from one peer, when it goes on, then only so much of it is taken', () => {
  const bench = new Bench()
  for (let n = 0; n < 1_000; n += 1) bench.hear(bob, { type: 'ping', sequence: n, incarnation: 1, rumors: [] })
  expect(bench.sent('ack').length).toBeLessThanOrEqual(settings.messagesPerSecond)
})

test('given more accusers, when a suspicion is timed, then it never lasts longer, and never less than the shortest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 10_000 }), fc.nat(10), (nodes, confirmations) => {
      const [few, more] = [
        suspicionSpan(confirmations, nodes, settings),
        suspicionSpan(confirmations + 1, nodes, settings),
      ]
      expect(more).toBeLessThanOrEqual(few)
      expect(more).toBeGreaterThanOrEqual(settings.suspicionMin)
    }),
  )
  expect(suspicionSpan(0, 2, settings)).toBe(settings.suspicionMin)
})

test('given any messages in any order, when they are taken in, then incarnations never fall and queues stay bounded', () => {
  const name = fc.constantFrom('self', 'ada', 'bob', 'cyd', 'mallory').map(nodeId)
  const rumor = fc.record({
    subject: name,
    incarnation: fc.nat(1_010),
    state: fc.constantFrom('alive' as const, 'suspect' as const, 'lost' as const, 'left' as const),
    accusers: fc.array(name, { maxLength: 4 }),
  })
  const carried = { sequence: fc.nat(20), incarnation: fc.nat(5), rumors: fc.array(rumor, { maxLength: 4 }) }
  const message: fc.Arbitrary<SwimMessage> = fc.oneof(
    fc.record({ type: fc.constantFrom('ping' as const, 'ack' as const), ...carried }),
    fc.record({ type: fc.constant('ask' as const), target: name, ...carried }),
    fc.record({ type: fc.constant('nack' as const), sequence: fc.nat(20) }),
  )
  const event = fc.oneof(
    fc.record({ kind: fc.constant('message' as const), from: name, message }),
    fc.record({ kind: fc.constant('wait' as const), span: fc.nat(3_000) }),
    fc.record({ kind: fc.constantFrom('connected' as const, 'disconnected' as const), peer: name }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const bench = new Bench()
      const before = new Map<string, number>()
      for (const step of events) {
        if (step.kind === 'message') bench.hear(step.from, step.message)
        else if (step.kind === 'wait') bench.run(step.span, [ada, bob])
        else bench.do({ type: step.kind, peer: step.peer })
        for (const peer of bench.state.peers.values()) {
          expect(peer.incarnation).toBeGreaterThanOrEqual(before.get(peer.id) ?? 0)
          before.set(peer.id, peer.incarnation)
          expect(peer.suspicion !== null).toBe(peer.liveness === 'suspect')
        }
        expect(bench.state.news.size).toBeLessThanOrEqual(6)
        expect(bench.state.probes.size).toBeLessThanOrEqual(5)
        expect(bench.state.due).toBeLessThan(Infinity)
      }
    }),
  )
})
