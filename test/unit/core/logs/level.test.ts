import fc from 'fast-check'
import { expect, test } from 'vitest'
import { levelOf } from '../../../../src/core/logs/level.ts'

const found = (line: string): string => {
  const bytes = Buffer.from(line)
  return levelOf(bytes, 0, bytes.length)
}

test.each([
  // JSON
  ['{"level":"warn","msg":"x"}', 'warn'],
  ['{"ts":1,"severity":"ERROR","message":"x"}', 'error'],
  ['{"lvl":"Debug","m":"x"}', 'debug'],
  ['{"level":30,"time":1,"msg":"pino"}', 'info'],
  ['{"level":50,"msg":"pino"}', 'error'],
  ['{"level":60,"msg":"pino"}', 'fatal'],
  ['{"level":3,"short_message":"gelf"}', 'error'],
  ['{"levelname": "CRITICAL", "message": "x"}', 'fatal'],
  ['{"log.level":"error","message":"ecs"}', 'error'],
  ['{"msg":"say \\"level\\":\\"error\\" twice","level":"info"}', 'info'],
  // klog
  ['E0102 03:04:05.000000       1 main.go:1] broken', 'error'],
  ['W0102 03:04:05.000000       1 main.go:1] odd', 'warn'],
  ['I0102 03:04:05.000000       1 main.go:1] fine', 'info'],
  // Python logging, and what is built on it
  ['2026-01-02 03:04:05,678 - trainer - ERROR - loss is nan', 'error'],
  ['WARNING:root:careful', 'warn'],
  ['INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK', 'info'],
  ['[2026-01-02 03:04:05 +0000] [7] [CRITICAL] WORKER TIMEOUT', 'fatal'],
  ['[rank0]: RuntimeError: CUDA error', 'none'],
  ['RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB', 'error'],
  ['torch.cuda.OutOfMemoryError: CUDA out of memory', 'error'],
  ['Traceback (most recent call last):', 'error'],
  ['  File "train.py", line 7, in <module>', 'more'],
  // others
  ['level=error msg="x"', 'error'],
  ['time="2026" level=warning msg="x"', 'warn'],
  ['ts=1 lvl=dbug msg=x', 'none'],
  ['2026/01/02 03:04:05 [error] 7#7: *1 open() failed', 'error'],
  ['2026/01/02 03:04:05 [emerg] 1#1: bind() failed', 'fatal'],
  ['[Sat Jan 02 03:04:05 2026] [core:notice] [pid 1] x', 'none'],
  ['2026-01-02T03:04:05.000Z  WARN app::module: odd', 'warn'],
  ['2026-01-02 03:04:05.000  INFO 1 --- [main] c.e.App : started', 'info'],
  ['[ERROR] it broke', 'error'],
  ['ERROR: it broke', 'error'],
  ['error: it broke', 'error'],
  ['error[E0308]: mismatched types', 'error'],
  ['<warn> odd', 'warn'],
  ['\u001b[31mERROR\u001b[0m it broke', 'error'],
  ['\u001b[2m2026-01-02T03:04:05Z\u001b[0m \u001b[33m WARN\u001b[0m odd', 'warn'],
  ['panic: runtime error: index out of range', 'fatal'],
  ['FATAL:  role "x" does not exist', 'fatal'],
  ['\tat com.example.App.main(App.java:1)', 'more'],
  ['Caused by: java.io.IOException: x', 'more'],
  // nothing
  ['step 7 loss 0.1', 'none'],
  ['no errors were found', 'none'],
  ['Information about the warning system', 'none'],
  ['', 'none'],
])('%j says %s', (line, expected) => {
  expect(found(line)).toBe(expected)
})

test('of any bytes something is said, and soon', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
    expect(levelOf(Buffer.from(bytes), 0, bytes.length)).toBeTypeOf('string')
  })) // prettier-ignore
  const hostile = Buffer.from(`{"level" ${' '.repeat(1_000_000)}`)
  expect(levelOf(hostile, 0, hostile.length)).toBe('none')
})
