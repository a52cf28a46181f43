/** What an operation is: everything a user can do, once, for every door. */
import type { z } from 'zod'
import type { Standing } from '../core/access/decide.ts'
import type { Identity, Permission, Rule } from '../model/access.ts'
import type { NodeId } from '../model/ids.ts'
import type { Conversation } from '../ports/conversation.ts'
import type { OperationContext } from './context.ts'
import type { SignedRequest } from '../wire/signed-request.ts'
import type { Talk } from './talk.ts'
import type { Millis } from '../model/time.ts'
import type { Deadline, Limits } from './deadline.ts'

export type { Permission } from '../model/access.ts'

/**
 * Who asks, as a door of this peer has found out, or as another member says. It carries no rights: whoever runs the operation reads
 * from its own replicated state what the identity is worth now (`core/access/standing.ts`). Doors make one with `callerOf`.
 *
 * Without `via`, this peer has seen the credential itself: a socket, a secret, the key that a connection has proved, or a signature
 * that it has verified. With `via`, members vouch for it, the one who told this peer first, and it is worth no more than each of them.
 * `proof` is what the caller has signed, which travels on with a forwarded request: the peer that gets it verifies it and then
 * leaves `via` out.
 */
export interface Caller {
  /** Short, for logs, for the record and for `submittedBy`: `socket`, `reader`, `token:api`, `apikey:ak_…`, `user:NAME`, `service`, or the key of an operator. */
  readonly id: string
  readonly identity: Identity
  readonly via?: readonly NodeId[]
  readonly proof?: SignedRequest
}

/** One request: who makes it, how it is called off, and how to run other operations as the same caller. */
export interface Call {
  readonly caller: Caller
  readonly signal: AbortSignal
  /** When the caller stops waiting, on this host's steady clock; null where it did not say. `signal` ends then. */
  readonly endsAt: Millis | null
  /** Names of all operations with one answer. */
  readonly commands: readonly string[]
  /** What the caller is worth, and the name of the user; null for a host's own root, and for keys without one. */
  readonly standing: Standing
  readonly user: string | null
  /** Whether the caller may do this in that namespace (null for what is in none): for what a list shows, and for what depends on more than the input. */
  may(permission: Permission, namespace: string | null): boolean
  /** Whether the caller may do in that namespace what this operation needs: what a list shows. */
  sees(namespace: string): boolean
  /** Throws PERMISSION_DENIED unless the caller may. */
  require(permission: Permission, namespace: string | null): void
  /** Throws PERMISSION_DENIED unless the caller may do all of this there: nobody hands on more than they have. */
  requireAll(rules: readonly Rule[], namespace: string | null): void
  /** The same with less time for what is called. */
  within(limits: Limits): Call
  invoke(name: string, input: unknown): Promise<unknown>
  open(name: string, input: unknown, signal: AbortSignal): AsyncIterable<unknown>
  converse(name: string, input: unknown, signal: AbortSignal): Promise<Conversation>
}

export type Lasting = 'credential' | 'right'

/** Parameters of the path are named after the input's keys: `/api/nodes/:node`. */
export interface Rest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: `/api/${string}`
}

interface Common<Name extends string, Input extends z.ZodType> {
  readonly name: Name
  readonly about: string
  readonly input: Input
  readonly permission: Permission
  /**
   * Which namespace a call touches; null, and where it is left out, what is in none, such as a node. It is asked on the peer that runs the
   * operation, and sees nothing of namespaces whose work the caller may not read: a name from there is as little found as one that nobody has.
   */
  namespace?(input: z.output<Input>, context: OperationContext): string | null
  /** It is enough to be allowed in some namespace: of work, the handler sees only what the caller may read; of all else it shows what `call.sees`. */
  readonly isScoped?: true
  /** What else this input needs, in the same namespace. */
  needs?(input: z.output<Input>, context: OperationContext): readonly Permission[]
  readonly rest?: Rest
  /** Keys of the input that may hold what nobody else is to see: they are kept nowhere, not in an audit log either. */
  readonly secretFields?: readonly string[]
  /** Only through the Unix socket of the very peer that runs it. */
  readonly isLocal?: true
  /** What it is done to, by its name or id, for the record; the parameter of the path, or the input of that name, where this is left out. */
  object?(input: z.output<Input>): string | null
  /**
   * What outlives the credential that it is asked with, if anything does: another credential, which no API key may make, or a right of
   * somebody, which takes an API key whose scopes name it. The gate asks.
   */
  lasting?(input: z.output<Input>): Lasting | null
  /** A step of another operation, which is on record. */
  readonly isStep?: true
  /** How long whoever asks waits for the answer of another node; as long as the protocol allows where this is left out. */
  patience?(input: z.output<Input>): Deadline
  /** The node that has to run it; where this is left out, the peer that is asked does. */
  where?(input: z.output<Input>, context: OperationContext): NodeId
}

export interface UnaryOperation<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> extends Common<Name, Input> {
  readonly kind: 'unary'
  readonly output: Output
  /** What whoever accepts text/event-stream, or wants to follow, gets instead: items of that stream as events of that name. */
  readonly events?: { readonly name: string; readonly stream: string; input(input: unknown): unknown }
  handler(input: z.output<Input>, context: OperationContext, call: Call): Promise<z.input<Output>>
}

export interface StreamOperation<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> extends Common<Name, Input> {
  readonly kind: 'stream'
  /** Schema of one item. */
  readonly output: Output
  handler(input: z.output<Input>, context: OperationContext, call: Call): AsyncIterable<z.input<Output>>
}

export interface DuplexOperation<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Message extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> extends Omit<Common<Name, Input>, 'rest'> {
  readonly kind: 'duplex'
  readonly rest?: never
  /** Schema of one message that the caller may tell meanwhile. */
  readonly message: Message
  /** Schema of one message that the caller is told. */
  readonly output: Output
  /** Its input says where that is, whatever this peer has not heard of yet: nothing has to be asked first. */
  readonly isPlaced?: true
  /** The bytes that go along, by channel, in words for people. */
  readonly channels: Readonly<Record<number, string>>
  /** The conversation ends when it returns. */
  handler(
    input: z.output<Input>,
    context: OperationContext,
    call: Call,
    talk: Talk<z.output<Message>, z.input<Output>>,
  ): Promise<void>
}

export type Operation = UnaryOperation | StreamOperation | DuplexOperation

/** An operation with one answer. */
export const unary = <Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  operation: Omit<UnaryOperation<Name, Input, Output>, 'kind'>,
): UnaryOperation<Name, Input, Output> => ({ kind: 'unary', ...operation })

/** An operation that answers with items until it ends or is called off. */
export const stream = <Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  operation: Omit<StreamOperation<Name, Input, Output>, 'kind'>,
): StreamOperation<Name, Input, Output> => ({ kind: 'stream', ...operation })

/** An operation in which both sides talk until the handler is done. */
export const duplex = <
  Name extends string,
  Input extends z.ZodType,
  Message extends z.ZodType,
  Output extends z.ZodType,
>(
  operation: Omit<DuplexOperation<Name, Input, Message, Output>, 'kind'>,
): DuplexOperation<Name, Input, Message, Output> => ({ kind: 'duplex', ...operation })
