/** The one way to run an operation: check the input, check the permission, go to the node that has to run it, check the output. */
import { closest } from '../lib/closest.ts'
import { deepest, isNestedDeeper } from '../lib/nesting.ts'
import { ClawError } from '../model/failure.ts'
import type { NodeId } from '../model/ids.ts'
import type { Unsubscribe } from '../ports/rpc.ts'
import type { Service } from '../ports/service.ts'
import type { Freshness } from '../services/control/types.ts'
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
import type { OperationContext } from './context.ts'
import { changePatience } from './carry-out.ts'
import { readingIn } from './consistency.ts'
import { within, withDeadline } from './deadline.ts'
import { beforeDenial, refresh } from './find.ts'
import { parseInput } from './input.ts'
import type { Call, Caller, DuplexOperation, Operation, StreamOperation, UnaryOperation } from './operation.ts'
import { roles } from './operation.ts'
import { requirePermission } from './permission.ts'
import { operations } from './registry.ts'
import { bridge, talkOver } from './talk.ts'
import { randomWord } from './workload/workload-request.ts'
import { inputIn, outputIn } from './told-json.ts'

export interface Asker {
  readonly caller: Caller
  readonly signal: AbortSignal
  /** The member that forwarded it. */
  readonly via?: NodeId
  /** What the first peer that was asked has called the request; the same for all that it leads to. */
  readonly request?: string
}

interface Settled extends Asker {
  readonly context: OperationContext
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

interface Wire {
  readonly name: string
  readonly input: string
  readonly caller: string
  readonly role: string
  readonly request: string
}

/** Runs operations for the doors of this peer, for the other members, and for operators who attached. */
export class OperationService implements Service, Invoker {
  readonly name = 'operations'
  readonly #context: OperationContext
  readonly #known: ReadonlyMap<string, Operation>
  readonly #commands: readonly string[]
  #served: readonly Unsubscribe[] = []

  constructor(context: OperationContext, known: ReadonlyMap<string, Operation> = everything) {
    this.#context = context
    this.#known = known
    this.#commands = [...known.values()].flatMap(({ kind, name }) => (kind === 'unary' ? [name] : [])).toSorted()
  }

  start(): Promise<void> {
    const { rpc } = this.#context
    const answer = async (wire: Wire, asker: Asker): Promise<{ output: string }> => {
      const operation = this.#unary(wire.name)
      const { own, freshness } = readingIn(inputIn(wire.input))
      const input = this.#admit(operation, own, asker)
      const context = await this.#settled(freshness, asker)
      return answerOf(wire.name, await this.#run(operation, input, { ...asker, context }), invokeOperation)
    }
    const items = async function* (this: OperationService, wire: Wire, asker: Asker): AsyncIterable<{ item: string }> {
      const operation = this.#streaming(wire.name)
      const { own, freshness } = readingIn(inputIn(wire.input))
      const input = this.#admit(operation, own, asker)
      const context = await this.#settled(freshness, asker)
      for await (const item of this.#stream(operation, input, { ...asker, context }))
        yield { item: JSON.stringify(item) }
    }.bind(this)

    const talk = async (wire: Wire, side: Conversation, asker: Asker): Promise<void> => {
      const operation = this.#talking(wire.name)
      const { own, freshness } = readingIn(inputIn(wire.input))
      const input = this.#admit(operation, own, asker)
      const context = await this.#settled(freshness, asker)
      await this.#talk(operation, input, side, { ...asker, context })
    }

    this.#served = [
      rpc.serveDuplex(converseOperation, (wire, via, side, signal) => talk(wire, side, forwarded(wire, via, signal))),
      rpc.serveDuplex(visitOperation, async (wire, from, side, signal) =>
        bridge(side, await this.converse(wire.name, inputIn(wire.input), { caller: this.#operator(from), signal })),
      ),
      rpc.serve(invokeOperation, (wire, via, signal) => answer(wire, forwarded(wire, via, signal))),
      rpc.serveStream(streamOperation, (wire, via, signal) => items(wire, forwarded(wire, via, signal))),
      rpc.serve(attachOperation, async (wire, from, signal) => {
        const output = await this.invoke(wire.name, inputIn(wire.input), { caller: this.#operator(from), signal })
        return answerOf(wire.name, output, attachOperation)
      }),
      rpc.serveStream(followOperation, (wire, from, signal) =>
        this.#follow(wire, { caller: this.#operator(from), signal }),
      ),
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
    const { own, freshness } = readingIn(input)
    const admitted = this.#admit(operation, own, asker)
    const context = await this.#settled(freshness, asker)
    const target = await beforeDenial(context, () => this.#target(operation, admitted), asker.signal)
    if (target === this.#context.self) return this.#run(operation, admitted, { ...asker, context }, endsAt)
    const { rpc, clock } = this.#context
    const ask = (signal: AbortSignal): Promise<{ readonly output: string }> =>
      rpc.call(target, invokeOperation, wireOf(name, input, asker), signal)
    const deadline = operation.patience?.(admitted)
    const { output } = await (deadline === undefined
      ? ask(asker.signal)
      : withDeadline(clock, deadline, asker.signal, (limits) => ask(limits.signal)))
    return outputIn(operation, output)
  }

  async *open(name: string, input: unknown, unnamed: Asker): AsyncIterable<unknown> {
    const asker = this.#named(unnamed)
    const operation = this.#streaming(name)
    const { own, freshness } = readingIn(input)
    const admitted = this.#admit(operation, own, asker)
    const context = await this.#settled(freshness, asker)
    const target = await beforeDenial(context, () => this.#target(operation, admitted), asker.signal)
    if (target === this.#context.self) {
      yield* this.#stream(operation, admitted, { ...asker, context })
      return
    }
    const wire = wireOf(name, input, asker)
    for await (const { item } of this.#context.rpc.stream(target, streamOperation, wire, asker.signal))
      yield outputIn(operation, item)
  }

  async converse(name: string, input: unknown, unnamed: Asker): Promise<Conversation> {
    const asker = this.#named(unnamed)
    const operation = this.#talking(name)
    const { own, freshness } = readingIn(input)
    const admitted = this.#admit(operation, own, asker)
    const context = await this.#settled(freshness, asker)
    // Where it has to run may have changed a moment ago.
    if (operation.isPlaced !== true) await refresh(context, asker.signal)
    const target = await beforeDenial(context, () => this.#target(operation, admitted), asker.signal)
    if (target !== this.#context.self)
      return this.#context.rpc.converse(target, converseOperation, wireOf(name, input, asker), asker.signal)
    const [ours, theirs] = conversationPair()
    const onAbort = (): void => {
      for (const side of [ours, theirs]) side.fail(asker.signal.reason)
    }
    asker.signal.addEventListener('abort', onAbort, { once: true })
    this.#talk(operation, admitted, theirs, { ...asker, context })
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

  #target(operation: Operation, admitted: unknown): NodeId {
    return operation.where?.(admitted, this.#context) ?? this.#context.self
  }

  get applied(): number {
    return this.#context.control.status().applied
  }

  /** Whoever is turned away goes on record. */
  #admit(operation: Operation, input: unknown, asker: Asker): unknown {
    try {
      return admit(operation, input, asker)
    } catch (error) {
      turnedAway(this.#context, operation, { input, ...asker }, error)
      throw error
    }
  }

  /** Waits until this peer's state is as fresh as the caller wants it. Throws NO_LEADER or DEADLINE_EXCEEDED. */
  async #settled(freshness: Freshness | null, { signal }: Asker): Promise<OperationContext> {
    const context = this.#context
    if (freshness === null) return context
    await within(context.clock, changePatience, signal, (limited) => context.control.fresh(freshness, limited))
    return { ...context, isSettled: true }
  }

  async #run(
    operation: UnaryOperation,
    admitted: unknown,
    { context, ...asker }: Settled,
    endsAt: Call['endsAt'] = null,
  ): Promise<unknown> {
    const run = async (): Promise<unknown> =>
      operation.output.parse(await operation.handler(admitted, context, this.#call(asker, endsAt)))
    return recorded(operation, admitted, { context, ...asker }, run)
  }

  async *#stream(
    operation: StreamOperation,
    admitted: unknown,
    { context, ...asker }: Settled,
  ): AsyncIterable<unknown> {
    const items = (): AsyncIterable<unknown> => operation.handler(admitted, context, this.#call(asker))
    for await (const item of recordedItems(operation, admitted, { context, ...asker }, items))
      yield operation.output.parse(item)
  }

  async #talk(
    operation: DuplexOperation,
    admitted: unknown,
    side: Conversation,
    { context, ...asker }: Settled,
  ): Promise<void> {
    const told = talkOver(side, operation.message, operation.output)
    const talk = (): Promise<void> => operation.handler(admitted, context, this.#call(asker), told)
    await recorded(operation, admitted, { context, ...asker }, talk)
  }

  async *#follow(wire: Wire, asker: Asker): AsyncIterable<{ item: string }> {
    for await (const item of this.open(wire.name, inputIn(wire.input), asker)) yield { item: JSON.stringify(item) }
  }

  #call(asker: Asker, endsAt: Call['endsAt'] = null): Call {
    const { caller, signal } = asker
    return {
      caller,
      signal,
      endsAt,
      commands: this.#commands,
      within: (limits) => this.#call({ ...asker, signal: limits.signal }, limits.endsAt),
      invoke: (name, input) => this.#invoke(name, input, asker, endsAt),
      open: (name, input, inner) => this.open(name, input, { ...asker, signal: inner }),
      converse: (name, input, inner) => this.converse(name, input, { ...asker, signal: inner }),
    }
  }

  /** A request gets its name where it comes in. */
  #named(asker: Asker): Asker {
    return asker.request === undefined ? { ...asker, request: randomWord(this.#context.random, 16) } : asker
  }

  /** A key from outside is worth what the replicated state says of it. */
  #operator(key: NodeId): Caller {
    if (!this.#context.control.state.operators.has(key)) {
      this.#context.audit.denied({ actor: key, operation: 'attach', outcome: 'AUTH_FAILED' })
      throw new ClawError('AUTH_FAILED', {
        reason: 'this key is not one of the mesh’s operators; see `clawbernetes operator add`',
      })
    }
    return { id: key, role: 'admin' }
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

/** The one gate in front of every handler: the input as the schema makes it, for a caller who may. Throws otherwise. */
function admit({ name, input: schema, permission, isLocal }: Operation, input: unknown, { caller }: Asker): unknown {
  if (isNestedDeeper(input, deepest))
    throw new ClawError('INVALID_REQUEST', { problem: `it is nested more than ${deepest} deep` })
  const admitted: unknown = parseInput(schema, input)
  if (isLocal === true && !isHere(caller))
    throw new ClawError('PERMISSION_DENIED', { action: `use ${name} but through the Unix socket on the host itself` })
  requirePermission(caller, permission)
  return admitted
}

const isHere = ({ id, isElsewhere }: Caller): boolean => id === 'socket' && isElsewhere !== true

const wireOf = (name: string, input: unknown, { caller: { id, role }, request = '' }: Asker): Wire => ({
  ...{ name, input: JSON.stringify(input), caller: id, role, request },
})

/** Older members do not say what the request is called. */
const forwarded = (wire: Wire, via: NodeId, signal: AbortSignal): Asker => ({
  ...{ caller: vouchedFor(wire), via, signal },
  request: wire.request === '' || wire.request.length > 64 ? '-' : wire.request,
})

function vouchedFor({ caller, role }: Wire): Caller {
  const known = roles.find((name) => name === role)
  if (known === undefined || caller === '' || caller.length > 256)
    throw new ClawError('INVALID_REQUEST', { problem: 'the forwarding peer did not say who asks' })
  return { id: caller, role: known, isElsewhere: true }
}
