/** What `dist/supervise.js` does: looks after one task of the process executor until it has ended. */
export { supervise } from '../adapters/process/supervise.ts'
