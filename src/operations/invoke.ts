/** The one way to run an operation: through the gate, on to the node that has to run it, through its gate, and back with an output that fits. */
import { ClawError } from '../model/failure.ts'
import type { NodeId } from '../model/ids.ts'
import type { Unsubscribe } from '../ports/rpc.ts'
import type { Service } from '../ports/service.ts'
import type { Carry, Conversation, ServedConversation } from '../ports/conversation.ts'
import {
  attachOperation,
  converseOperation,
  followOperation,
  invokeOperation,
  streamOperation,
  visitOperation,
} from '../wire/operation.ts'
import { answerOf } from './answer.ts'
import { onRecord, recorded, recordedItems, turnedAway } from './audited.ts'
import { callerOf, told } from './caller.ts'
import type { OperationContext } from './context.ts'
import { changePatience } from './carry-out.ts'
import { readingIn } from './consistency.ts'
import { within, withDeadline } from './deadline.ts'
import { beforeDenial, heard, refresh } from './find.ts'
import type { Entrant, Passed } from './gate.ts'
import { again, enter, lookAgain, pass, rightsOf, targetOf } from './gate.ts'
import type { Call, Caller, DuplexOperation, Operation, StreamOperation, UnaryOperation } from './operation.ts'
import { asStreaming, asTalking, asUnary } from './kinds.ts'
import type { Asker, Invoker } from './invoker.ts'
import { everything, findOperation } from './known.ts'
import { KeyUse } from './key-use.ts'
import { atLeader, isSettledByLeader, requireLead } from './signed/at-leader.ts'
import { Proofs } from './signed/proofs.ts'
import { bridge, carriedHere, talkOver } from './talk.ts'
import { inputIn, outputIn } from './told-json.ts'
import type { Watched } from './vigil.ts'
import { conversationWhileAllowed, itemsWhileAllowed, talkWhileAllowed, Vigil, whileAllowed } from './vigil.ts'
import { type Wire, requestOf, wireOf } from './wired.ts'
import { randomWord } from './workload/workload-request.ts'

/** Somebody whom the gate has let in, and who waits for the answer until when. */
interface Admitted extends Asker {
  readonly entrant: Entrant
}

interface Placed extends Admitted {
  readonly target: NodeId
}

/** Runs operations for the doors of this peer, for the other members, and for operators who attached. */
export class OperationService implements Service, Invoker {
  readonly name = 'operations'
  readonly #context: OperationContext
  readonly #known: ReadonlyMap<string, Operation>
  readonly #commands: readonly string[]
  readonly #use: KeyUse
  readonly #vigil: Vigil
  /** What operators sign, for the doors through which they come. */
  readonly signatures: Proofs
  #served: readonly Unsubscribe[] = []

  constructor(context: OperationContext, known: ReadonlyMap<string, Operation> = everything) {
    this.#context = context
    this.#known = known
    this.#use = new KeyUse(context)
    this.#vigil = new Vigil(context.clock)
    this.signatures = new Proofs(context, known)
    this.#commands = [...known.values()].flatMap(({ kind, name }) => (kind === 'unary' ? [name] : [])).toSorted()
  }

  start(): Promise<void> {
    const { rpc } = this.#context
    const forwarded = (wire: Wire, from: NodeId, signal: AbortSignal): Asker =>
      this.#believed(wire, signal, told(wire, from), () => this.signatures.told(wire, from))
    const visitor = (wire: Wire, from: NodeId, signal: AbortSignal): Asker =>
      this.#believed(wire, signal, callerOf({ kind: 'operator', key: from }), () => this.signatures.visitor(wire, from))
    const answer = async (wire: Wire, asker: Asker): Promise<{ output: string }> => {
      const operation = this.#unary(wire.name)
      if (asker.caller.proof !== undefined && isSettledByLeader(operation)) requireLead(this.#context)
      const admitted = await this.#enter(operation, inputIn(wire.input), asker)
      return answerOf(wire.name, await this.#run(admitted), invokeOperation)
    }
    const items = async function* (this: OperationService, wire: Wire, asker: Asker): AsyncIterable<{ item: string }> {
      const admitted = await this.#enter(this.#streaming(wire.name), inputIn(wire.input), asker)
      for await (const item of this.#stream(admitted)) yield { item: JSON.stringify(item) }
    }.bind(this)
    const talk = async (wire: Wire, side: ServedConversation, asker: Asker): Promise<void> =>
      this.#talk(await this.#enter(this.#talking(wire.name), inputIn(wire.input), asker), side)

    this.#served = [
      rpc.serveDuplex(converseOperation, (wire, from, side, signal) => talk(wire, side, forwarded(wire, from, signal))),
      rpc.serveDuplex(visitOperation, async (wire, from, side, signal) =>
        (await this.admit(wire.name, inputIn(wire.input), visitor(wire, from, signal)))(side),
      ),
      rpc.serve(invokeOperation, (wire, from, signal) => answer(wire, forwarded(wire, from, signal))),
      rpc.serveStream(streamOperation, (wire, from, signal) => items(wire, forwarded(wire, from, signal))),
      rpc.serve(attachOperation, async (wire, from, signal) => {
        const output = await this.invoke(wire.name, inputIn(wire.input), visitor(wire, from, signal))
        return answerOf(wire.name, output, attachOperation)
      }),
      rpc.serveStream(followOperation, (wire, from, signal) => this.#follow(wire, visitor(wire, from, signal))),
    ]
    return Promise.resolve()
  }

  /** Who asks, as far as it can be believed. What cannot goes on record. */
  #believed(wire: Wire, signal: AbortSignal, claimed: Caller, find: () => Caller): Asker {
    const request = requestOf(wire)
    try {
      return { caller: find(), signal, request }
    } catch (error) {
      const operation = this.#known.get(wire.name)
      if (operation !== undefined) turnedAway(this.#context, operation, { caller: claimed, request, input: {} }, error)
      throw error
    }
  }

  stop(): Promise<void> {
    for (const unserve of this.#served) unserve()
    this.#served = []
    this.#vigil.stop()
    return Promise.resolve()
  }

  invoke(name: string, input: unknown, asker: Asker): Promise<unknown> {
    return this.#invoke(name, input, this.#named(asker), null)
  }

  async #invoke(name: string, input: unknown, asker: Asker, endsAt: Call['endsAt']): Promise<unknown> {
    const operation = this.#unary(name)
    const admitted = await this.#enter(operation, input, asker)
    if (asker.caller.proof !== undefined && isSettledByLeader(operation))
      return this.#settled(name, input, admitted, endsAt)
    const target = await this.#target(admitted)
    if (target === this.#context.self) return this.#run(admitted, endsAt)
    const { rpc, clock } = this.#context
    const ask = (signal: AbortSignal): Promise<{ readonly output: string }> =>
      rpc.call(target, invokeOperation, wireOf(name, input, admitted), signal)
    const deadline = operation.patience?.(admitted.entrant.input)
    const watched = this.#watched(admitted)
    const { output } = await whileAllowed(watched, () =>
      deadline === undefined
        ? ask(watched.signal)
        : withDeadline(clock, deadline, watched.signal, (limits) => ask(limits.signal)),
    )
    return outputIn(operation, output)
  }

  /** A signed change: by whoever leads, and known here when it is answered. */
  async #settled(name: string, input: unknown, admitted: Admitted, endsAt: Call['endsAt']): Promise<unknown> {
    const { self, rpc } = this.#context
    const { caller } = admitted
    const operation = this.#unary(name)
    const watched = this.#watched(admitted)
    const { signal } = watched
    const output = await whileAllowed(watched, () =>
      atLeader(this.#context, signal, async (leader) => {
        // Each attempt counts its commands anew, so that they are the same ones.
        if (leader === self) return this.#run({ ...admitted, signal, caller: { ...caller } }, endsAt)
        const reply = await rpc.call(leader, invokeOperation, wireOf(name, input, admitted), signal)
        return outputIn(operation, reply.output)
      }),
    )
    await refresh(this.#context, admitted.signal)
    return output
  }

  async *open(name: string, input: unknown, unnamed: Asker): AsyncIterable<unknown> {
    const asker = this.#named(unnamed)
    const operation = this.#streaming(name)
    const admitted = await this.#enter(operation, input, asker)
    const target = await this.#target(admitted)
    if (target === this.#context.self) {
      yield* this.#stream(admitted)
      return
    }
    const wire = wireOf(name, input, admitted)
    const watched = this.#watched(admitted)
    const items = (): AsyncIterable<{ readonly item: string }> =>
      this.#context.rpc.stream(target, streamOperation, wire, watched.signal)
    for await (const { item } of itemsWhileAllowed(watched, items)) yield outputIn(operation, item)
  }

  async converse(name: string, input: unknown, asker: Asker): Promise<Conversation> {
    const admitted = await this.#admit(name, input, asker)
    if (admitted.target !== this.#context.self) return this.#converseAt(admitted, name, input)
    return carriedHere((side) => this.#talk(admitted, side), asker.signal)
  }

  async admit(name: string, input: unknown, asker: Asker): Promise<Carry> {
    const admitted = await this.#admit(name, input, asker)
    if (admitted.target === this.#context.self) return (side) => this.#talk(admitted, side)
    const callee = await this.#converseAt(admitted, name, input)
    return (side) => bridge(side, callee)
  }

  /** Somebody who may talk, and where. */
  async #admit(name: string, input: unknown, unnamed: Asker): Promise<Placed> {
    const asker = this.#named(unnamed)
    const operation = this.#talking(name)
    const admitted = await this.#enter(operation, input, asker)
    // Where it has to run may have changed a moment ago.
    if (operation.isPlaced !== true) await refresh(admitted.entrant.context, asker.signal)
    return { ...admitted, target: await this.#target(admitted) }
  }

  async #converseAt({ target, ...admitted }: Placed, name: string, input: unknown): Promise<Conversation> {
    const watched = this.#watched(admitted)
    try {
      const wire = wireOf(name, input, admitted)
      const side = await this.#context.rpc.converse(target, converseOperation, wire, watched.signal)
      return conversationWhileAllowed(watched, side)
    } catch (error) {
      watched.release()
      throw error
    }
  }

  /** Asks again from now on, until it is released. */
  #watched({ entrant, caller, signal }: Admitted, passed?: Passed): Watched {
    return this.#vigil.hold(signal, lookAgain(entrant, caller, passed))
  }

  /** Through the first half of the gate, and on to a state as fresh as the caller wants it. Throws NO_LEADER or DEADLINE_EXCEEDED besides. */
  #enter(operation: Operation, input: unknown, asker: Asker): Admitted | Promise<Admitted> {
    const { own, freshness } = readingIn(input)
    const { caller, signal } = asker
    const context = this.#context
    return onRecord(this.#context, operation, { input: own, ...asker }, () => {
      const entrant = heard(context, () => enter(operation, own, caller, context), asker)
      if (freshness === null)
        return entrant instanceof Promise ? entrant.then((one) => ({ ...asker, entrant: one })) : { ...asker, entrant }
      return Promise.resolve(entrant).then(async (one) => {
        await within(context.clock, changePatience, signal, (limited) => context.control.fresh(freshness, limited))
        return { ...asker, entrant: again(one, caller, { ...context, isSettled: true }) }
      })
    })
  }

  /** Through the second half, on the peer that runs it, with all that the handler is given. */
  #passed(admitted: Admitted, endsAt: Call['endsAt'] = null) {
    const { operation, input, context: seen } = admitted.entrant
    const look = () => {
      const entrant = again(admitted.entrant, admitted.caller)
      const passed = pass(entrant)
      const begin = () => {
        const watched = this.#watched({ ...admitted, entrant }, passed)
        return { watched, call: this.#call({ ...admitted, entrant, signal: watched.signal }, endsAt) }
      }
      const { request } = admitted
      return { input, context: { ...passed.context, ...(request !== undefined && { request }) }, begin }
    }
    return onRecord(this.#context, operation, { input, ...admitted }, () => heard(seen, look, admitted))
  }

  #target({ entrant, signal }: Admitted): Promise<NodeId> {
    const { operation, base } = entrant
    const find = (): NodeId => {
      const target = targetOf(entrant)
      const isPlaced = operation.kind === 'duplex' && operation.isPlaced === true
      if (!isPlaced && target !== base.self && !base.control.state.members.has(target))
        throw new ClawError('NODE_NOT_FOUND', { node: target.slice(0, 128) })
      return target
    }
    return beforeDenial(entrant.context, find, signal)
  }

  /** A door has let somebody in by this API key. */
  noteUse(key: string): void {
    this.#use.note(key)
  }

  get applied(): number {
    return this.#context.control.status().applied
  }

  async #run(admitted: Admitted, endsAt: Call['endsAt'] = null): Promise<unknown> {
    const operation = admitted.entrant.operation as UnaryOperation
    const { input, context, begin } = await this.#passed(admitted, endsAt)
    return recorded(operation, input, { ...admitted, context }, () => {
      const { watched, call } = begin()
      return whileAllowed(watched, async () => operation.output.parse(await operation.handler(input, context, call)))
    })
  }

  async *#stream(admitted: Admitted): AsyncIterable<unknown> {
    const operation = admitted.entrant.operation as StreamOperation
    const { input, context, begin } = await this.#passed(admitted)
    const items = (): AsyncIterable<unknown> => {
      const { watched, call } = begin()
      return itemsWhileAllowed(watched, () => operation.handler(input, context, call))
    }
    for await (const item of recordedItems(operation, input, { ...admitted, context }, items))
      yield operation.output.parse(item)
  }

  async #talk(admitted: Admitted, side: ServedConversation): Promise<void> {
    const operation = admitted.entrant.operation as DuplexOperation
    const { input, context, begin } = await this.#passed(admitted)
    const talk = talkOver(side, operation.message, operation.output)
    await recorded(operation, input, { ...admitted, context }, () => {
      const { watched, call } = begin()
      return talkWhileAllowed(watched, side, () => operation.handler(input, context, call, talk))
    })
  }

  async *#follow(wire: Wire, asker: Asker): AsyncIterable<{ item: string }> {
    for await (const item of this.open(wire.name, inputIn(wire.input), asker)) yield { item: JSON.stringify(item) }
  }

  #call({ entrant, ...asker }: Admitted, endsAt: Call['endsAt']): Call {
    const { caller, signal } = asker
    return {
      ...{ caller, signal, endsAt, commands: this.#commands },
      ...rightsOf(entrant.operation, entrant),
      within: (limits) => this.#call({ entrant, ...asker, signal: limits.signal }, limits.endsAt),
      invoke: (name, input) => this.#invoke(name, input, asker, endsAt),
      open: (name, input, inner) => this.open(name, input, { ...asker, signal: inner }),
      converse: (name, input, inner) => this.converse(name, input, { ...asker, signal: inner }),
    }
  }

  /** A request gets its name where it comes in. */
  #named(asker: Asker): Asker {
    return asker.request === undefined ? { ...asker, request: randomWord(this.#context.random, 16) } : asker
  }

  #unary(name: string): UnaryOperation {
    return asUnary(findOperation(name, this.#known))
  }

  #talking(name: string): DuplexOperation {
    return asTalking(findOperation(name, this.#known))
  }

  #streaming(name: string): StreamOperation {
    return asStreaming(findOperation(name, this.#known))
  }
}
