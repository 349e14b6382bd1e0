/** Whether the page is being left: the browser then breaks every stream, which is no trouble of the connection. */
let leaving = false

addEventListener('beforeunload', () => {
  leaving = true
  // It may stay after all: the address was a file's.
  setTimeout(() => {
    leaving = false
  }, 2_000)
})
addEventListener('pagehide', () => {
  leaving = true
})
addEventListener('pageshow', () => {
  leaving = false
})

export const isLeaving = (): boolean => leaving
