/** Whatever stands on the command line, it ends with an exit code and, where it is refused, with a code: never with a bug. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Api } from '../../../src/doors/cli/peer/api.ts'
import type { AnyCommand } from '../../../src/doors/cli/line/command.ts'
import { main } from '../../../src/doors/cli/main.ts'
import { commands } from '../../../src/doors/cli/line/registry.ts'
import { ClawError } from '../../../src/model/failure.ts'
import { fakeHost } from '../../support/fake-host.ts'
import { word } from '../../support/fuzz/garbage.ts'

const numRuns = Number(process.env['CLAW_FUZZ_RUNS'] ?? 8)
const mostMs = 5_000
/** What follows or watches goes on until it is called off. */
const patience = 500

const home = mkdtempSync(join(tmpdir(), 'claw-fuzz-'))
const before = process.cwd()
// Some commands write files where they are told to.
process.chdir(home)
afterAll(() => {
  process.chdir(before)
  rmSync(home, { recursive: true, force: true })
})

/** They start daemons, or look for peers on this very host. */
const left = ['sim', 'sim market', 'doctor', 'debug bundle', 'version', 'top', 'events']
const tried = commands.filter(({ path }) => !left.includes(path))

/** Options of the command and of others, with values that mostly do not fit. */
const lineFor = ({ options, positionals }: AnyCommand): fc.Arbitrary<readonly string[]> => {
  const names = [...Object.keys(options), 'output', 'json', 'no-color', 'help', 'nonsense', '__proto__']
  const option = fc
    .tuple(fc.constantFrom(...names), word, fc.nat(3))
    .map(([name, value, how]) =>
      how === 0 ? [`--${name}`] : how === 1 ? [`--${name}=${value}`] : [`--${name}`, value],
    )
  const few = fc.array(option, { maxLength: 4 }).map((parts) => parts.flat())
  const words = fc.array(word, { minLength: 0, maxLength: Object.keys(positionals).length + 1 })
  const rest = fc.option(
    fc.array(word, { maxLength: 3 }).map((more) => ['--', ...more]),
    { nil: [] },
  )
  return fc
    .tuple(words, few, rest, fc.boolean())
    .map(([first, then, last, isTurned]) => (isTurned ? [...then, ...first, ...last] : [...first, ...then, ...last]))
}

const corpus = new URL('../../fixtures/corpus/command-lines.json', import.meta.url)
const kept = JSON.parse(readFileSync(corpus, 'utf8')) as readonly (readonly string[])[]

test.each(kept)('what once was hard stays easy: %s %s', async (...line) => {
  expect((await ran(line)).out).not.toContain('[INTERNAL]')
})

test.each(tried)('$path', { timeout: 120_000 }, async ({ path, load }) => {
  const { default: command } = (await load()) as { readonly default: AnyCommand }
  await fc.assert(
    fc.asyncProperty(lineFor(command), async (line) => {
      const { out, ms } = await ran([...path.split(' '), ...line])
      expect(out).not.toContain('[INTERNAL]')
      expect(ms, 'ms').toBeLessThan(mostMs)
    }),
    { numRuns },
  )
})

async function ran(line: readonly string[]): Promise<{ readonly out: string; readonly ms: number }> {
  const host = fakeHost({ home, input: '{}' })
  const refuse = (): never => {
    throw new ClawError('ECONNREFUSED', { address: 'unix:/nowhere' })
  }
  const nobody = {
    address: 'unix:/nowhere',
    invoke: () => Promise.resolve().then(refuse),
    async *open() {
      yield await Promise.resolve().then(refuse)
    },
    converse: () => Promise.resolve().then(refuse),
    close: () => Promise.resolve(),
  }
  const from = performance.now()
  const code = await main(line, host, AbortSignal.timeout(patience), () => Promise.resolve(new Api(nobody)))
  expect(Number.isInteger(code)).toBe(true)
  return { out: `${host.stdout.text}${host.stderr.text}`, ms: performance.now() - from }
}
