/** The command line from its words to its exit code. */
import { ClawError, isClawError } from '../../model/failure.ts'
import type { Api, Reading } from './peer/api.ts'
import type { Millis } from '../../model/time.ts'
import type { Peer, Session } from './line/command.ts'
import { exitCodeOf, interrupted, terminated } from './exit-code.ts'
import { endSignalOf } from './talk/interrupt.ts'
import type { Globals } from './line/globals.ts'
import { looksForJson } from './line/globals.ts'
import { hintOnOlderPeer } from './peer/older-peer.ts'
import type { Host } from './host.ts'
import { lookOf, plainLook } from './show/look.ts'
import { Output } from './show/output.ts'
import type { Parsed } from './line/parse.ts'
import { parse } from './line/parse.ts'
import { commands } from './line/registry.ts'
import { spanOption } from './line/span-option.ts'

/** Runs one command line. `connect` is replaced in tests. Returns the exit code. */
export async function main(
  argv: readonly string[],
  host: Host,
  signal: AbortSignal,
  connect: (globals: Globals) => Promise<Api> = (globals) => reach(globals, host, signal),
): Promise<number> {
  const early = new Output(host, { ...plainLook, format: looksForJson(argv) ? 'json' : 'table' })
  let parsed: Parsed
  try {
    parsed = await parse(argv, { version: host.version, print: (text) => host.stdout.write(text) })
  } catch (error) {
    return failed(error, early, signal)
  }
  if (parsed.kind === 'shown') return parsed.exitCode

  const { command, args, globals } = parsed
  let api: Promise<Api> | null = null
  let out = early
  try {
    out = new Output(host, lookOf(globals))
    const session: Session = {
      ...{ out, signal, host, commands },
      contextName: globals.context,
      api: () => (api ??= connect(globals)),
      contextInUse: async () => (await (await talking())[0].targetFor(globals, host)).context,
      peers: () => peersOf(globals, host, signal),
    }
    return asSignalled((await command.run(args, session)) ?? 0, signal)
  } catch (error) {
    const hint = await hintOnOlderPeer(error, { api, version: host.version, signal })
    return failed(error, out, signal, hint)
  } finally {
    await closed(api)
  }
}

/** What talks to peers is loaded by those that do: a help page is there in half of the time without. */
const talking = () => Promise.all([import('./peer/target.ts'), import('./peer/connect.ts')])

async function reach(globals: Globals, host: Host, signal: AbortSignal): Promise<Api> {
  const patience = spanOption('--request-timeout', globals.requestTimeout) ?? undefined
  const [{ targetFor }, { connectTo }] = await talking()
  const { addresses, operatorKey, mesh } = await targetFor(globals, host)
  return connectTo(addresses, { host, keyFile: operatorKey, mesh, patience, reading: readingOf(globals), signal })
}

/** Answers are not waited for as long as a command would: whoever looks at all peers wants to know which ones are slow. */
const lookPatience: Millis = 5_000

async function peersOf(globals: Globals, host: Host, signal: AbortSignal): Promise<readonly Peer[]> {
  const [{ accessTo, targetFor }, { connectTo, spelled }] = await talking()
  const { addresses, operatorKey, mesh } = await targetFor(globals, host)
  const connecting = { host, keyFile: operatorKey, mesh, patience: lookPatience, reading: {}, signal }
  return addresses.map((address) => ({
    address: spelled(address),
    access: accessTo(address, operatorKey),
    open: () => connectTo([address], connecting),
  }))
}

const readingOf = ({ consistency, index }: Globals): Reading => ({
  ...(consistency === undefined ? {} : { consistency }),
  ...(index === undefined ? {} : { index }),
})

/** Commands end alike, whichever signal it was; scripts expect to be told. */
const asSignalled = (code: number, signal: AbortSignal): number =>
  code === interrupted && signal.aborted && endSignalOf(signal) === 'SIGTERM' ? terminated : code

/** `hint` is better than the usual one, if there is one. */
function failed(error: unknown, out: Output, signal: AbortSignal, hint: string | null = null): number {
  if (signal.aborted) return asSignalled(interrupted, signal)
  const expected = isClawError(error) ? error : new ClawError('INTERNAL', { detail: (error as Error).message })
  const { code, message } = expected
  out.error({ code, message, hint: hint ?? expected.hint }, causeOf(expected))
  if (expected !== error) out.note((error as Error).stack ?? '')
  return exitCodeOf(expected)
}

/** What the system said, where the failure does not say it already. */
function causeOf({ message, cause }: ClawError): string | null {
  if (!(cause instanceof Error) || isClawError(cause) || cause.message === '') return null
  const words = (cause.message.split('\n')[0] ?? '').replace(/^error: /, '')
  return message.includes(words.replace(/\.$/, '')) ? null : words
}

/** A connection that never came about needs no closing; its failure was told already. */
async function closed(api: Promise<Api> | null): Promise<void> {
  const [settled] = await Promise.allSettled(api === null ? [] : [api])
  if (settled?.status === 'fulfilled') await settled.value.close()
}
