/** How serious a line is, by what it says of itself: in JSON, or in the ways that programs write plain text. */

export const levels = ['debug', 'info', 'warn', 'error', 'fatal'] as const
export type Level = (typeof levels)[number]

/** What a line says. `none` for one that says nothing; `more` for one that goes on with what the line before it said. */
export type Found = Level | 'none' | 'more'

/** Levels are said early in a line, or in JSON among its first fields. */
const lookedAt = 256
const lookedAtJson = 4_096

/** What programs call the levels, in lower case. */
export const levelWords: Readonly<Record<string, Level>> = {
  ...{ trace: 'debug', verbose: 'debug', silly: 'debug', debug: 'debug', dbg: 'debug' },
  ...{ information: 'info', info: 'info', inf: 'info', notice: 'info', default: 'info', log: 'info' },
  ...{ warning: 'warn', warn: 'warn', wrn: 'warn' },
  ...{ error: 'error', err: 'error', eror: 'error', severe: 'error' },
  ...{ critical: 'fatal', crit: 'fatal', fatal: 'fatal', ftl: 'fatal', panic: 'fatal', dpanic: 'fatal' },
  ...{ alert: 'fatal', emerg: 'fatal', emergency: 'fatal' },
}

const klog: Readonly<Record<string, Level>> = { D: 'debug', I: 'info', W: 'warn', E: 'error', F: 'fatal' }

/** What may stand in capitals between other words. */
const loud = 'TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|SEVERE|CRIT(?:ICAL)?|FATAL|PANIC|ALERT|EMERG'

const colours = /\u001b\[[0-9;]*m/g
const inJson =
  /"(?:level|severity|lvl|levelname|log\.level|loglevel|severity_text)"\s*:\s*(?:"([A-Za-z]{1,11})"|(\d{1,3})\b)/i
const byName = /(?:^|[\s,{[])(?:level|lvl|severity)[=:]\s?["']?([A-Za-z]{1,11})\b/i
const asKlog = /^([DIWEF])\d{4} \d\d:\d\d:\d\d/
const inBrackets = new RegExp(`[[<(|]\\s*(${loud}|VERBOSE|CRITICAL|WRN|INF|DBG|FTL|ERR)\\s*[\\]>)|:]`, 'i')
const atStart = /^\s*(trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|panic)(?:\[[^\]]*\])?:/i
const inCapitals = new RegExp(`(?:^|[\\s:|\\]-])(${loud})(?=$|[\\s:|,-])`)
const asException =
  /^(?:[\w.]+\.)?\w*(?:Error|Exception)(?::|$)|^Traceback \(most recent call last\)|^Exception in thread /
const asPanic = /^(?:panic: |fatal error: |Segmentation fault|thread '[^']*' panicked)/
/** Stacks and wrapped messages. */
const goesOn = /^(?:\s+\S|Caused by: |\.\.\. \d+ more)/

const byNumber = (value: number): Level | null =>
  value >= 60
    ? 'fatal'
    : value >= 50
      ? 'error'
      : value >= 40
        ? 'warn'
        : value >= 30
          ? 'info'
          : value >= 10
            ? 'debug'
            : null

const bySyslogNumber: readonly Level[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug']

/** The level of the line whose text lies between `start` and `end`. */
export function levelOf(bytes: Buffer, start: number, end: number): Found {
  const isJson = bytes[start] === 0x7b
  let text = bytes.toString('latin1', start, Math.min(end, start + (isJson ? lookedAtJson : lookedAt)))
  if (text.includes('\u001b')) text = text.replace(colours, '')
  return (isJson ? levelOfJson(text) : null) ?? levelOfText(text)
}

function levelOfJson(text: string): Level | null {
  const [, word, number] = inJson.exec(text) ?? []
  if (word !== undefined) return levelWords[word.toLowerCase()] ?? null
  if (number === undefined) return null
  return byNumber(Number(number)) ?? bySyslogNumber[Number(number)] ?? null
}

function levelOfText(text: string): Found {
  const [, letter] = asKlog.exec(text) ?? []
  if (letter !== undefined) return klog[letter] ?? 'none'
  for (const way of [byName, inBrackets, atStart, inCapitals]) {
    const known = levelWords[way.exec(text)?.[1]?.toLowerCase() ?? '']
    if (known !== undefined) return known
  }
  if (asPanic.test(text)) return 'fatal'
  if (asException.test(text)) return 'error'
  return goesOn.test(text) ? 'more' : 'none'
}

export const rankOf = (level: Level): number => levels.indexOf(level)
