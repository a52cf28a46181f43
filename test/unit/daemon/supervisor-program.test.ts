import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { supervisorProgram } from '../../../src/daemon/supervisor-program.ts'

test('the supervisor is found in the tree', () => {
  expect(existsSync(supervisorProgram())).toBe(true)
  expect(supervisorProgram()).toMatch(/supervise\.ts$/)
})
