/** The one way to run an operation: through the gate, on to the node that has to run it, through its gate, and back with an output that fits. */
import { closest } from '../lib/closest.ts'
import { ClawError } from '../model/failure.ts'
import type { NodeId } from '../model/ids.ts'
import type { Unsubscribe } from '../ports/rpc.ts'
import type { Service } from '../ports/service.ts'
import type { Conversation } from '../ports/conversation.ts'
import { conversationPair } from '../wire/conversation.ts'
import {
  attachOperation,
  converseOperation,
  followOperation,
  invokeOperation,
  streamOperation,
  visitOperation,
} from '../wire/operation.ts'
import { answerOf } from './answer.ts'
import { recorded, recordedItems, turnedAway } from './audited.ts'
import type { Told } from './caller.ts'
import { callerOf, tell, told } from './caller.ts'
import type { OperationContext } from './context.ts'
import { changePatience } from './carry-out.ts'
import { readingIn } from './consistency.ts'
import { within, withDeadline } from './deadline.ts'
import { beforeDenial, heard, refresh } from './find.ts'
import type { Entrant } from './gate.ts'
import { again, enter, pass, rightsOf, targetOf } from './gate.ts'
import type { Call, Caller, DuplexOperation, Operation, StreamOperation, UnaryOperation } from './operation.ts'
import { operations } from './registry.ts'
import { KeyUse } from './key-use.ts'
import { bridge, talkOver } from './talk.ts'
import { inputIn, outputIn } from './told-json.ts'
import { randomWord } from './workload/workload-request.ts'

export interface Asker {
  readonly caller: Caller
  readonly signal: AbortSignal
  /** What the first peer that was asked has called the request; the same for all that it leads to. */
  readonly request?: string
}

/** Somebody whom the gate has let in, and who waits for the answer until when. */
interface Admitted extends Asker {
  readonly entrant: Entrant
}

/** What doors need of it. */
export interface Invoker {
  /** Log index up to which this peer has applied everything: after a change, at least that change's own. */
  readonly applied: number
  /** Throws the ClawError of a refusal; anything else it throws is a bug. */
  invoke(name: string, input: unknown, asker: Asker): Promise<unknown>
  open(name: string, input: unknown, asker: Asker): AsyncIterable<unknown>
  /** The asker's side of a conversation. What goes wrong once it has begun, its readers get. */
  converse(name: string, input: unknown, asker: Asker): Promise<Conversation>
}

const everything: ReadonlyMap<string, Operation> = new Map(operations.map((operation) => [operation.name, operation]))

/** Throws OPERATION_NOT_FOUND, with what was probably meant. */
export function findOperation(name: string, known: ReadonlyMap<string, Operation> = everything): Operation {
  const operation = known.get(name)
  if (operation !== undefined) return operation
  const near = closest(name, [...known.keys()])
  throw new ClawError('OPERATION_NOT_FOUND', {
    operation: `${name.slice(0, 64)}${near === null ? '' : `; did you mean ${near}?`}`,
  })
}

interface Wire extends Told {
  readonly name: string
  readonly input: string
  readonly request: string
}

/** Runs operations for the doors of this peer, for the other members, and for operators who attached. */
export class OperationService implements Service, Invoker {
  readonly name = 'operations'
  readonly #context: OperationContext
  readonly #known: ReadonlyMap<string, Operation>
  readonly #commands: readonly string[]
  readonly #use: KeyUse
  #served: readonly Unsubscribe[] = []

  constructor(context: OperationContext, known: ReadonlyMap<string, Operation> = everything) {
    this.#context = context
    this.#known = known
    this.#use = new KeyUse(context)
    this.#commands = [...known.values()].flatMap(({ kind, name }) => (kind === 'unary' ? [name] : [])).toSorted()
  }

  start(): Promise<void> {
    const { rpc } = this.#context
    const answer = async (wire: Wire, asker: Asker): Promise<{ output: string }> => {
      const admitted = await this.#enter(this.#unary(wire.name), inputIn(wire.input), asker)
      return answerOf(wire.name, await this.#run(admitted), invokeOperation)
    }
    const items = async function* (this: OperationService, wire: Wire, asker: Asker): AsyncIterable<{ item: string }> {
      const admitted = await this.#enter(this.#streaming(wire.name), inputIn(wire.input), asker)
      for await (const item of this.#stream(admitted)) yield { item: JSON.stringify(item) }
    }.bind(this)
    const talk = async (wire: Wire, side: Conversation, asker: Asker): Promise<void> =>
      this.#talk(await this.#enter(this.#talking(wire.name), inputIn(wire.input), asker), side)

    this.#served = [
      rpc.serveDuplex(converseOperation, (wire, from, side, signal) => talk(wire, side, forwarded(wire, from, signal))),
      rpc.serveDuplex(visitOperation, async (wire, from, side, signal) =>
        bridge(side, await this.converse(wire.name, inputIn(wire.input), { caller: visitor(from), signal })),
      ),
      rpc.serve(invokeOperation, (wire, from, signal) => answer(wire, forwarded(wire, from, signal))),
      rpc.serveStream(streamOperation, (wire, from, signal) => items(wire, forwarded(wire, from, signal))),
      rpc.serve(attachOperation, async (wire, from, signal) => {
        const output = await this.invoke(wire.name, inputIn(wire.input), { caller: visitor(from), signal })
        return answerOf(wire.name, output, attachOperation)
      }),
      rpc.serveStream(followOperation, (wire, from, signal) => this.#follow(wire, { caller: visitor(from), signal })),
    ]
    return Promise.resolve()
  }

  stop(): Promise<void> {
    for (const unserve of this.#served) unserve()
    this.#served = []
    return Promise.resolve()
  }

  invoke(name: string, input: unknown, asker: Asker): Promise<unknown> {
    return this.#invoke(name, input, this.#named(asker), null)
  }

  async #invoke(name: string, input: unknown, asker: Asker, endsAt: Call['endsAt']): Promise<unknown> {
    const operation = this.#unary(name)
    const admitted = await this.#enter(operation, input, asker)
    const target = await this.#target(admitted)
    if (target === this.#context.self) return this.#run(admitted, endsAt)
    const { rpc, clock } = this.#context
    const ask = (signal: AbortSignal): Promise<{ readonly output: string }> =>
      rpc.call(target, invokeOperation, wireOf(name, input, admitted), signal)
    const deadline = operation.patience?.(admitted.entrant.input)
    const { output } = await (deadline === undefined
      ? ask(asker.signal)
      : withDeadline(clock, deadline, asker.signal, (limits) => ask(limits.signal)))
    return outputIn(operation, output)
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
    for await (const { item } of this.#context.rpc.stream(target, streamOperation, wire, asker.signal))
      yield outputIn(operation, item)
  }

  async converse(name: string, input: unknown, unnamed: Asker): Promise<Conversation> {
    const asker = this.#named(unnamed)
    const operation = this.#talking(name)
    const admitted = await this.#enter(operation, input, asker)
    // Where it has to run may have changed a moment ago.
    if (operation.isPlaced !== true) await refresh(admitted.entrant.context, asker.signal)
    const target = await this.#target(admitted)
    if (target !== this.#context.self)
      return this.#context.rpc.converse(target, converseOperation, wireOf(name, input, admitted), asker.signal)
    const [ours, theirs] = conversationPair()
    const onAbort = (): void => {
      for (const side of [ours, theirs]) side.fail(asker.signal.reason)
    }
    asker.signal.addEventListener('abort', onAbort, { once: true })
    this.#talk(admitted, theirs)
      .then(
        () => ours.end(),
        (error: unknown) => ours.fail(error),
      )
      .finally(() => {
        theirs.end()
        asker.signal.removeEventListener('abort', onAbort)
      })
    return ours
  }

  /** Through the first half of the gate, and on to a state as fresh as the caller wants it. Throws NO_LEADER or DEADLINE_EXCEEDED besides. */
  #enter(operation: Operation, input: unknown, asker: Asker): Admitted | Promise<Admitted> {
    const { own, freshness } = readingIn(input)
    const { caller, signal } = asker
    const context = this.#context
    return this.#onRecord(operation, { input: own, ...asker }, () => {
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
      const context = pass(entrant)
      return { input, context, call: this.#call({ ...admitted, entrant }, endsAt) }
    }
    return this.#onRecord(operation, { input, ...admitted }, () => heard(seen, look, admitted))
  }

  /** Whoever is turned away goes on record. */
  #onRecord<T>(
    operation: Operation,
    asked: Asker & { readonly input: unknown },
    look: () => T | Promise<T>,
  ): T | Promise<T> {
    const away = (error: unknown): never => {
      turnedAway(this.#context, operation, asked, error)
      throw error
    }
    try {
      const found = look()
      return found instanceof Promise ? found.catch(away) : found
    } catch (error) {
      return away(error)
    }
  }

  #target({ entrant, signal }: Admitted): Promise<NodeId> {
    return beforeDenial(entrant.context, () => targetOf(entrant), signal)
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
    const { input, context, call } = await this.#passed(admitted, endsAt)
    const run = async (): Promise<unknown> => operation.output.parse(await operation.handler(input, context, call))
    return recorded(operation, input, { ...admitted, context }, run)
  }

  async *#stream(admitted: Admitted): AsyncIterable<unknown> {
    const operation = admitted.entrant.operation as StreamOperation
    const { input, context, call } = await this.#passed(admitted)
    const items = (): AsyncIterable<unknown> => operation.handler(input, context, call)
    for await (const item of recordedItems(operation, input, { ...admitted, context }, items))
      yield operation.output.parse(item)
  }

  async #talk(admitted: Admitted, side: Conversation): Promise<void> {
    const operation = admitted.entrant.operation as DuplexOperation
    const { input, context, call } = await this.#passed(admitted)
    const talk = talkOver(side, operation.message, operation.output)
    await recorded(operation, input, { ...admitted, context }, () => operation.handler(input, context, call, talk))
  }

  async *#follow(wire: Wire, asker: Asker): AsyncIterable<{ item: string }> {
    for await (const item of this.open(wire.name, inputIn(wire.input), asker)) yield { item: JSON.stringify(item) }
  }

  #call({ entrant, ...asker }: Admitted, endsAt: Call['endsAt']): Call {
    const { operation, standing } = entrant
    const { caller, signal } = asker
    return {
      ...{ caller, signal, endsAt, commands: this.#commands },
      ...rightsOf(operation, standing),
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
    const operation = findOperation(name, this.#known)
    if (operation.kind === 'unary') return operation
    throw new ClawError('INVALID_REQUEST', {
      problem: operation.kind === 'stream' ? `${name} answers with a stream` : `${name} is a conversation`,
    })
  }

  #talking(name: string): DuplexOperation {
    const operation = findOperation(name, this.#known)
    if (operation.kind === 'duplex') return operation
    throw new ClawError('INVALID_REQUEST', { problem: `${name} is no conversation` })
  }

  #streaming(name: string): StreamOperation {
    const operation = findOperation(name, this.#known)
    if (operation.kind === 'stream') return operation
    throw new ClawError('INVALID_REQUEST', { problem: `${name} does not answer with a stream` })
  }
}

/** A key from outside, which the connection has proved. */
const visitor = (key: NodeId): Caller => callerOf({ kind: 'operator', key })

const wireOf = (name: string, input: unknown, { caller, entrant, request = '' }: Admitted): Wire => ({
  ...{ name, input: JSON.stringify(input), request },
  ...tell(caller, entrant.standing),
})

/** Older members do not say what the request is called. */
const forwarded = (wire: Wire, from: NodeId, signal: AbortSignal): Asker => ({
  ...{ caller: told(wire, from), signal },
  request: wire.request === '' || wire.request.length > 64 ? '-' : wire.request,
})
