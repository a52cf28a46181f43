import { describe, expect, test } from 'vitest'
import { cli } from '../../../support/run-cli.ts'

const id = 'ab'.repeat(32)
const money = (micro: string, inWords: string) => ({ micro, inWords })
const line = (parts: object) => ({
  ...{ at: '2026-11-30T12:00:00.000Z', change: money('1', '0.000001 MOLT'), balance: money('1', '0.000001 MOLT') },
  ...{ other: `agr-${id}`, line: 'a/1', ...parts },
})

describe('given what came and went on an account', () => {
  const lines = [line({ kind: 'hold', purpose: `hold ${id}` }), line({ kind: 'refund', purpose: null })]
  const answers = { 'molt.statement': () => ({ account: 'a', balance: money('1', '0.000001 MOLT'), left: 0, lines }) }

  test('when it is shown, then agreements are named as short as elsewhere, and what came back says of which', async () => {
    const { out } = await cli(['molt', 'statement'], answers)
    expect(out).toMatch(/hold abababababab +agr-abababababab/)
    expect(out).toContain('not used of abababababab')
    expect(out).not.toContain(id)
  })

  test('when a program reads it, then all of it is there', async () => {
    expect(JSON.parse((await cli(['molt', 'statement', '-o', 'json'], answers)).out)).toMatchObject({ lines })
  })
})

describe('given one who pays', () => {
  test('when there is a note and a key, then it says that they do not go together, and asks nobody', async () => {
    const { code, err, asked } = await cli(['molt', 'transfer', 'gpu-1', '3', '--note', 'May', '--key', 'k', '--yes'])
    expect({ code, asked }).toEqual({ code: 5, asked: [] })
    expect(err).toContain('--note and --key do not go together')
  })
})

test('given what no preference is called, when it is to be unset, then those that are there are named as options', async () => {
  const { code, err } = await cli(['molt', 'config', 'set', '--unset', 'foo'])
  expect(code).toBe(5)
  expect(err).toContain('--unset foo is none of max-spend-per-job, max-spend-per-hour, max-spend-per-day, prefer')
})

test('given a file that is not there, when a network is to be joined by it, then it says so in words', async () => {
  const { code, err } = await cli(['molt', 'network', 'join', '/nowhere/lab.json'])
  expect(code).toBe(5)
  expect(err).toContain('/nowhere/lab.json: there is no such file.')
})
