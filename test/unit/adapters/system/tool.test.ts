import { expect, test } from 'vitest'
import { systemTools } from '../../../../src/adapters/system/tool.ts'
import { isMissingTool, toolProblem } from '../../../../src/ports/tool.ts'

const limits = { timeoutMs: 5_000, maxBytes: 1_000, signal: new AbortController().signal }
const shell = (script: string, over: Partial<typeof limits> = {}) =>
  systemTools()('sh', ['-c', script], { ...limits, ...over })

test('output, errors and exit code come back', async () => {
  const result = await shell('echo out; echo err >&2; exit 3')
  expect(result).toEqual({
    code: 3,
    stdout: 'out\n',
    stderr: 'err\n',
    timedOut: false,
    missing: false,
    truncated: false,
  })
  expect(toolProblem('sh', result, 1)).toBe('sh failed with code 3: err')
})

test('a tool that is not there is missing, and that is told apart from failing', async () => {
  const result = await systemTools()('/no/such/tool', [], limits)
  expect(result).toMatchObject({ code: null, missing: true })
  expect(isMissingTool(toolProblem('tool', result, 1) ?? '')).toBe(true)
})

test('a tool that hangs is given up in time, with what it has said', async () => {
  const result = await shell('echo so far; exec sleep 60', { timeoutMs: 300 })
  expect(result).toMatchObject({ code: null, timedOut: true, stdout: 'so far\n' })
})

test('a child that outlives the tool and holds its output does not hold up the answer beyond the limit', async () => {
  expect(await shell('sleep 2 & echo done', { timeoutMs: 300 })).toMatchObject({ stdout: 'done\n', timedOut: true })
})

test('a tool that prints without end is stopped', async () => {
  const result = await shell('yes')
  expect(result.truncated).toBe(true)
  expect(result.stdout).toHaveLength(1_000)
})

test('a run that is called off ends', async () => {
  const off = new AbortController()
  const run = shell('echo started; exec sleep 60', { signal: off.signal })
  off.abort()
  expect(await run).toMatchObject({ code: null, timedOut: false })
  expect(await shell('exit 0', { signal: AbortSignal.abort() })).toMatchObject({ code: null })
})
