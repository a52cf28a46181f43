/** Work that strangers run where the own mesh has no room for it now. */
import { ClawError } from '../../../model/failure.ts'
import type { InputOf } from '../../../operations/registry.ts'
import type { Session } from '../line/command.ts'
import { pairsOf } from '../line/pairs.ts'
import type { Manner, MoltRequest } from './molt-request.ts'
import { requestOfStrangers } from './molt-request.ts'
import type { requestOf } from './run-request.ts'

type RunRequest = ReturnType<typeof requestOf>

/** What strangers are told. */
const handedOn = [
  ...(['image', 'command', 'entrypoint', 'workdir', 'env', 'gpus', 'gpuType', 'gpuMemory'] as const),
  ...(['cpu', 'memory', 'shmSize', 'timeout', 'name', 'sandbox'] as const),
] as const
/** What means something in the own mesh only, and nothing is missing without it. */
const ownOnly = ['namespace', 'priority', 'labels', 'annotations', 'envPlain', 'stopGrace', 'pull'] as const

const invalid = (problem: string): ClawError => new ClawError('INVALID_REQUEST', { problem })

/** Null when the own mesh has room for it; what `run` ends with otherwise. Throws INVALID_REQUEST for what no stranger can be given. */
export async function burst(
  request: RunRequest,
  { maxPrice, ...manner }: Manner & { readonly maxPrice: string | undefined },
  session: Session,
): Promise<{ readonly exitCode: number | undefined } | null> {
  const wanted = moltRequestOf(request, maxPrice)
  const api = await session.api()
  const plan = await api.call('workload.plan', request, session.signal)
  if (plan.fits) return null
  session.out.note(`the mesh has no room for it now: ${plan.reason ?? 'it would wait for its turn'}`)
  return { exitCode: await requestOfStrangers(wanted, manner, session) }
}

/** Throws INVALID_REQUEST for what is missing, and for what strangers cannot be told. */
export function moltRequestOf(request: RunRequest, maxPrice: string | undefined): MoltRequest {
  const { gpus = request.gpuType === undefined ? undefined : '1', timeout, sandbox, entrypoint } = request
  if (maxPrice === undefined) throw invalid('--molt takes --max-price: what all of it may cost')
  if (timeout === undefined) throw invalid('--molt takes --timeout: so long strangers are asked for')
  if (gpus === undefined || !/^[1-9]\d*$/.test(gpus)) throw invalid('strangers lend GPUs: say how many, with --gpus N')
  const known: readonly string[] = [...handedOn, ...ownOnly]
  const other = Object.entries(request as InputOf<'workload.run'>).find(
    ([key, value]) => !known.includes(key) && value !== undefined && !(Array.isArray(value) && value.length === 0),
  )
  if (other !== undefined) throw invalid(`strangers cannot be given ${other[0]}: leave it out, or leave out --molt`)
  const { image, command, workdir, env, gpuType, gpuMemory, cpu, memory, shmSize, name } = request
  return {
    ...{ image, maxPrice, gpuType, gpuMemory, workdir, cpu, memory, shmSize, name, duration: timeout },
    ...{ gpus: Number(gpus), command: wordsOf(command), env: pairsOf(env, '--env') },
    entrypoint: entrypoint === undefined ? undefined : [entrypoint].flat().flatMap((words) => words.split(/\s+/)),
    isolation: sandbox === undefined ? undefined : [sandbox],
  }
}

/** A text is for a shell, which the image has to have. */
const wordsOf = (command: RunRequest['command']): string[] =>
  typeof command === 'string' ? ['sh', '-c', command] : [...(command ?? [])]
