/** A figure that a test has measured: `npm run figures` prints these, and nothing else of the tests. */
export const figure = (of: string, facts: object): void => console.log(`figure ${of}: ${JSON.stringify(facts)}`)
