/** Takes out of data and text what nobody else should see: by the name of what holds it, by how it looks, and what is known here to be a secret. */
import { hiddenValue, isSecretive, secretiveEnds } from '../../../core/vault/names.ts'

export interface Hider {
  /** Plain data, as JSON has it. */
  data(value: unknown): unknown
  text(text: string): string
}

/** Shorter ones would take words away that are no secrets. */
const leastKnown = 6

/** `known` are secrets themselves, wherever they stand. */
export function hiderOf(known: readonly string[]): Hider {
  const whole = known.filter((secret) => secret.length >= leastKnown).toSorted((a, b) => b.length - a.length)
  const text = (given: string): string =>
    looks.reduce(
      (left, [look, instead]) => left.replace(look, instead),
      whole.reduce((left, secret) => left.replaceAll(secret, hiddenValue), given),
    )
  return { text, data: (value) => within(value, text) }
}

const ends = `${secretiveEnds}|PASS|PSK|PASSPHRASE`

/** None looks on without a bound before it has found something: a long line takes no longer than it must. */
const looks: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g, hiddenValue],
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s{0,8}[:=]\s{0,8})[^\r\n]+/gi, `$1$2${hiddenValue}`],
  [/\b(bearer)([\s.:]{1,8})[\w.~+/=-]+/gi, `$1$2${hiddenValue}`],
  [/\b(basic) {1,8}[A-Za-z0-9+/=]{8,}/gi, `$1 ${hiddenValue}`],
  // Ours, then those of services that work often talks to.
  [/\bclaw1\.[\w-]+/g, hiddenValue],
  // Metrics begin as the token of a host does, and are all in small letters.
  [/\bclaw_(?=[\w-]{0,42}[A-Z])[\w-]{43}(?![\w-])/g, hiddenValue],
  [/\bclk_[\w-]+/g, hiddenValue],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|hf_|sk-|xox[abprs]-|AKIA)[\w-]{10,}/g, hiddenValue],
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g, hiddenValue],
  [/(:\/\/)[^\s/@"']{1,512}@/g, `$1${hiddenValue}@`],
  [
    new RegExp(`(${ends})(["']?\\s{0,8}[=:]\\s{0,8})("[^"\\r\\n]*"|'[^'\\r\\n]*'|[^\\s,;&"']+)`, 'gi'),
    `$1$2${hiddenValue}`,
  ],
  [new RegExp(`(-[\\w-]{0,64}(?:${ends}))(\\s{1,8})(?!-)\\S+`, 'gi'), `$1$2${hiddenValue}`],
]

const isHidden = (name: string): boolean =>
  isSecretive(name) || /^(psk|passphrase|authorization|cookie|sealed)$/i.test(name)

/** Variables: who sees their names knows what was set, and not to what. */
const isEnvironment = (name: string): boolean => /^(env|environment)$/i.test(name)

type Text = (text: string) => string

function within(value: unknown, text: Text, name = ''): unknown {
  if (typeof value === 'string') return text(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    if (isEnvironment(name)) return value.map(withoutValue)
    return value.map((item: unknown, at) => (isFlagFor(value[at - 1]) ? hiddenValue : within(item, text)))
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isGone = inner !== null && (isEnvironment(name) || isHidden(key))
      return [text(key), isGone ? hiddenValue : within(inner, text, key)]
    }),
  )
}

/** `NAME=VALUE`, as some write it; a name alone stays. */
const withoutValue = (item: unknown): unknown =>
  typeof item === 'string' ? item.replace(/=[\s\S]*$/, `=${hiddenValue}`) : hiddenValue

/** The word of a command line before a secret, such as `--token`. */
const isFlagFor = (word: unknown): boolean =>
  typeof word === 'string' && /^-[\w-]+$/.test(word) && isHidden(word.replace(/^-+/, ''))
