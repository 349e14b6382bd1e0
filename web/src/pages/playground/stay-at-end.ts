import { type RefObject, useEffect } from 'react'

/** Near enough to the end to want to see what comes. */
const NEAR_PX = 80

/**
 * Keeps the end in sight while answers come, unless somebody has scrolled up to read. What is newly shown goes to it.
 * The end is followed when the content has its new size, so that it costs no second layout.
 */
export function useStayAtEnd(box: RefObject<HTMLElement | null>, shown: string | null): void {
  useEffect(() => {
    const element = box.current
    const content = element?.firstElementChild
    if (!element || !content) return
    let stays = true
    const follow = () => {
      if (stays) element.scrollTop = element.scrollHeight
    }
    // Only who goes up leaves the end: what grew between a scroll and its event is no wish of anybody.
    let top = element.scrollTop
    const onScroll = () => {
      if (element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX) stays = true
      else if (element.scrollTop < top) stays = false
      top = element.scrollTop
    }
    const sizes = new ResizeObserver(follow)
    sizes.observe(content)
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      sizes.disconnect()
      element.removeEventListener('scroll', onScroll)
    }
  }, [box, shown])
}
