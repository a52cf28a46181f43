/** The daemon's log through pino: one JSON object a line for machines, coloured lines for people. */
import { pino } from 'pino'
import { PinoPretty as pretty } from 'pino-pretty'
import type { Log } from '../../ports/log.ts'

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly format: 'pretty' | 'json'
}

/** Facts under these names never reach the log, whoever hands them over. */
const secretNames = ['token', 'secret', 'psk', 'password', 'privateKey', 'authorization', 'env']

/** Writes to standard error, synchronously, so that the last words of a dying process are not lost. */
export function pinoLog({ level, format }: LogSettings): Log {
  const redact = { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' }
  const options = { level, redact, base: null, formatters: { level: (label: string) => ({ level: label }) } }
  const stream =
    format === 'json'
      ? pino.destination({ dest: 2, sync: true })
      : pretty({
          destination: 2,
          sync: true,
          colorize: process.stderr.isTTY,
          translateTime: 'SYS:HH:MM:ss.l',
          messageFormat: '{if area}[{area}] {end}{msg}',
          ignore: 'area',
        })
  return wrap(pino(options, stream))
}

function wrap(logger: pino.Logger): Log {
  const say =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      // Facts that nobody will read need not be looked through.
      if (logger.isLevelEnabled(level)) logger[level](plain(facts), message)
    }
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: (area) => wrap(logger.child({ area })),
  }
}

/** Errors lose their message in JSON; give them back. */
function plain(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, value instanceof Error ? describe(value) : value]),
  )
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? ` (because: ${error.cause.message})` : ''
  return `${error.name}: ${error.message}${cause}`
}
