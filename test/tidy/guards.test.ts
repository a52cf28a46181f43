/** The list of guards that `npm run guards` removes: each is where the list says, so that what is removed is a guard. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { guards } from '../../scripts/guards/all.ts'

test.each(guards.map((one) => [one.attack, one] as const))(
  'the guard against %s stands where it is looked for, once, and its tests are there',
  (_, { file, guard, without, tests }) => {
    expect(readFileSync(file, 'utf8').split(guard)).toHaveLength(2)
    expect(without).not.toBe(guard)
    expect(tests.filter((path) => !existsSync(path))).toEqual([])
  },
)
