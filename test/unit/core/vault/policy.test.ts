import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAllowed } from '../../../../src/core/vault/policy.ts'
import { matchesGlob } from '../../../../src/lib/glob.ts'
import { openPolicy } from '../../../../src/model/secret.ts'

const train = { names: ['train-7-r1-abcd', 'train-7'], labels: { team: 'vision' } }

test.each([
  ['nothing is said', openPolicy, true],
  ['its name is listed', { ...openPolicy, allowWorkloads: ['web', 'train-*'] }, true],
  ['only other names are listed', { ...openPolicy, allowWorkloads: ['web-*'] }, false],
  ['its labels are listed', { ...openPolicy, allowLabels: { team: 'vision' } }, true],
  ['one of the labels is another', { ...openPolicy, allowLabels: { team: 'vision', env: 'prod' } }, false],
  [
    'its labels are, and its name is not',
    { ...openPolicy, allowWorkloads: ['web'], allowLabels: { team: 'vision' } },
    true,
  ],
  ['its name is denied', { ...openPolicy, denyWorkloads: ['train-?'] }, false],
  ['its name is allowed and denied', { allowWorkloads: ['*'], allowLabels: {}, denyWorkloads: ['train-7'] }, false],
])('given a policy in which %s, a workload is judged by it', (_, policy, allowed) => {
  expect(isAllowed(policy, train)).toBe(allowed)
})

test('a denial holds whatever else is allowed', () => {
  const words = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*', '?'), minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.array(words), words, (allowWorkloads, name) => {
      const policy = { allowWorkloads, allowLabels: {}, denyWorkloads: [name] }
      return !isAllowed(policy, { names: [name], labels: {} })
    }),
  )
})

test('globs mean what the same regular expression means', () => {
  const text = (signs: readonly string[]) => fc.string({ unit: fc.constantFrom(...signs), maxLength: 8 })
  fc.assert(
    fc.property(text(['a', 'b', '.', '*', '?']), text(['a', 'b', '.']), (pattern, word) => {
      const same = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`)
      return matchesGlob(pattern, word) === same.test(word)
    }),
  )
})

test('given a pattern that regular expressions take years for, it is judged at once', () => {
  expect(matchesGlob(`${'a*'.repeat(60)}b`, 'a'.repeat(120))).toBe(false)
})
