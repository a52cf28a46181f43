/** What the engine's errors mean. Texts differ between engines 20.10, 26 and 28; statuses do not, so these come first. */
import { ClawError } from '../../model/failure.ts'

export const statusOf = (error: unknown): number | null =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : null

/** The engine's own words: its JSON message where there is one, else what dockerode made of the reply. */
export function detailOf(error: unknown): string {
  const json = error instanceof Error && 'json' in error ? error.json : null
  const message =
    typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string'
      ? json.message
      : error instanceof Error
        ? error.message.replace(/^\(HTTP code \d+\) [^-]* - /, '')
        : String(error)
  return message.trim().slice(0, 1_000)
}

/** The engine does not answer at all, as against answering with an error: what carries the connection says so, or the HTTP parser. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error) || statusOf(error) !== null) return false
  const { code = '', syscall = '' } = error as NodeJS.ErrnoException
  return (
    /^(connect|getaddrinfo)$/.test(syscall) ||
    /^(ECONN|EHOST|ENET|ETIMEDOUT$|EPIPE$|HPE_|ERR_STREAM_PREMATURE_CLOSE$)/.test(code) ||
    error.message === 'socket hang up'
  )
}

export const unavailable = (error: unknown): ClawError<'EXECUTOR_UNAVAILABLE'> =>
  new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: detailOf(error) }, { cause: error })

/** For calls that fail because of the engine, or of this host's own files. A ClawError and an abort pass as they are. */
export function engineFailure(error: unknown): unknown {
  if (error instanceof ClawError) return error
  if (statusOf(error) !== null || isUnreachable(error)) return unavailable(error)
  const isOfHost = error instanceof Error && 'syscall' in error
  const what = 'What the engine was asked for'
  return isOfHost ? new ClawError('HOST_UNSUITABLE', { what, reason: detailOf(error) }, { cause: error }) : error
}

/** Why a container could not be created or started. */
export function startFailure(error: unknown, image: string): unknown {
  const status = statusOf(error)
  if (status === null) return engineFailure(error)
  const detail = detailOf(error)
  if (status === 404 && /no such image/i.test(detail)) return new ClawError('IMAGE_NOT_FOUND', { image, detail })
  // Somebody has taken it away; it is made again, and the next try finds it.
  if (status === 404 && /network \S+ not found/i.test(detail)) return unavailable(error)
  if (isAboutGpus(detail)) return new ClawError('GPU_NOT_VISIBLE', { detail }, { cause: error })
  return new ClawError('CONTAINER_FAILED', { detail }, { cause: error })
}

const isAboutGpus = (detail: string): boolean =>
  /could not select device driver|CDI device injection failed|nvidia-container-cli|unresolvable CDI/i.test(detail)

/** The engine has nothing that could give GPUs in the way it was asked. */
export const lacksGpuDriver = (error: unknown): boolean =>
  /could not select device driver|CDI device injection failed/i.test(detailOf(error))

/**
 * Why an image could not be pulled. A name whose registry nobody answers for is not found, like one that its registry does not know: a
 * mistyped host name and a mistyped image look the same from here, and the detail says which it was.
 */
export function pullFailure(error: unknown, image: string): unknown {
  if (error instanceof ClawError) return error
  if (isUnreachable(error)) return unavailable(error)
  const detail = detailOf(error)
  if (isDenied(detail)) return new ClawError('IMAGE_ACCESS_DENIED', { image, detail }, { cause: error })
  const isMissing = statusOf(error) === 404 || /manifest unknown|not found|does not exist/i.test(detail)
  if (isMissing) return new ClawError('IMAGE_NOT_FOUND', { image, detail }, { cause: error })
  if (hasNoRegistry(detail)) {
    const elsewhere = `the node does not have it and its registry cannot be reached (${detail})`
    return new ClawError('IMAGE_NOT_FOUND', { image, detail: elsewhere }, { cause: error })
  }
  return new ClawError('IMAGE_PULL_FAILED', { image, detail }, { cause: error })
}

/**
 * A registry that hides what one may not see says of both that access is denied. The engine adds that the repository may not exist, and
 * then it most likely does not: a mistyped name is more frequent than a missing login.
 */
const isDenied = (detail: string): boolean =>
  /unauthorized|no basic auth credentials|authentication required|authorization failed|access to the resource is denied|\bdenied\b|401|403 forbidden/i.test(
    detail,
  ) && !/repository does not exist or may require/i.test(detail)

const hasNoRegistry = (detail: string): boolean =>
  /dial tcp|lookup \S+|no such host|connection refused|network is unreachable|i\/o timeout|awaiting headers/i.test(
    detail,
  )
