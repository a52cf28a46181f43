/** Reads what a test project reported: how many tests passed, failed and were skipped, and the names of those skipped. */
import { relative } from 'node:path'
import { readStamp } from '../setup/inputs.mjs'

export const nothing = { passed: 0, failed: 0, skipped: [] }

export const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: [...a.skipped, ...b.skipped],
})

const statusOf = (test) => (test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped')

function countFile(file, root) {
  const tests = file.assertionResults.map((test) => ({ ...test, outcome: statusOf(test) }))
  const failed = tests.filter(({ outcome }) => outcome === 'failed').length
  const skipped = tests.filter(({ outcome }) => outcome === 'skipped')
  return {
    passed: tests.filter(({ outcome }) => outcome === 'passed').length,
    // A file that cannot even be loaded holds no failed test, and is one failure all the same.
    failed: file.status === 'failed' && failed === 0 ? 1 : failed,
    skipped: skipped.map(({ fullName }) => `${relative(root, file.name)}: ${fullName}`),
  }
}

/** A project that ended badly counts at least one failure, whatever its report says or even if there is none. */
export function readCounts(report, { endedWell, root }) {
  const files = readStamp(report)?.testResults ?? []
  const counts = files.map((file) => countFile(file, root)).reduce(add, nothing)
  return !endedWell && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}
