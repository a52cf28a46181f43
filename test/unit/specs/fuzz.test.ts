/** Whatever a file holds, it is read or refused with a code: nothing crashes, and nothing takes long. */
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Specs } from '../../../src/specs/document.ts'
import { formats } from '../../../src/specs/parse.ts'
import type { SpecFormat } from '../../../src/specs/parse.ts'
import { fileText, problemsOf } from '../../support/specs.ts'

const corpus = new URL('../../fixtures/corpus/specs/', import.meta.url)
const kept = readdirSync(corpus).toSorted()
const contentOf = (name: string): string => readFileSync(new URL(name, corpus), 'utf8')
const formatOf = (name: string): SpecFormat => formats.find((format) => name.endsWith(format)) ?? 'yaml'

/** Valid files, which are then broken. */
const valid = [
  ...['workload.toml', 'workload.yaml', 'compose.yaml'].map((name) => fileText(`config/examples/${name}`)),
  ...kept.map(contentOf).filter((text) => text.length < 4_096),
]

/** Longer than any file of this size takes on a slow machine. */
const mostMs = 5_000

function read(text: string, format: SpecFormat): readonly string[] | Specs {
  const before = performance.now()
  const found = problemsOf(text, { format, env: { A: 'a' }, files: { '.env': 'A=1' } })
  expect(performance.now() - before).toBeLessThan(mostMs)
  if (Array.isArray(found)) for (const problem of found as string[]) expect(problem).toMatch(/^file\.\w+:\d+:\d+: ./s)
  else expect((found as Specs).documents.length).toBeGreaterThan(0)
  return found
}

const format = fc.constantFrom(...formats)

test('given arbitrary text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), format, (text, as) => {
      read(text, as)
    }),
    { numRuns: 200 },
  )
})

const marks = [
  '- ',
  '? ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a',
  '<<: *a',
  '!!x ',
  '|',
  '>',
  '"',
  "'",
  '#',
  '\n',
  '\t',
  '%',
  '=',
  '[[a]]',
  '${A',
  '$',
  '~',
  '\u0000',
  '\ud800',
]

test('given text of what the formats are made of', () => {
  const soup = fc.array(
    fc.oneof(fc.constantFrom(...marks), fc.constantFrom('image', 'services', 'kind', 'spec', 'a', '1')),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(soup, format, (parts, as) => {
      read(parts.join(''), as)
    }),
    { numRuns: 200 },
  )
})

test('given a valid file with a few characters changed', () => {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat(12),
    put: fc.oneof(fc.constantFrom(...marks), fc.string({ maxLength: 4 })),
  })
  fc.assert(
    fc.property(
      fc.constantFrom(...valid),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      format,
      (text, changes, as) => {
        const changed = changes.reduce((before, { at, drop, put }) => {
          const offset = Math.floor(at * before.length)
          return before.slice(0, offset) + put + before.slice(offset + drop)
        }, text)
        read(changed, as)
      },
    ),
    { numRuns: 200 },
  )
})

test('given arbitrary data below each kind of file', () => {
  const heads = ['', 'services:\n  a: ', 'apiVersion: clawbernetes/v1\nkind: Workload\nspec: ', 'workload: ']
  fc.assert(
    fc.property(fc.constantFrom(...heads), fc.json({ maxDepth: 4 }), (head, json) => {
      read(`${head}${json}`, 'yaml')
    }),
    { numRuns: 200 },
  )
})

test.each(kept)('what once was hard stays easy: %s', (name) => {
  for (const as of [formatOf(name), ...formats]) read(contentOf(name), as)
})
