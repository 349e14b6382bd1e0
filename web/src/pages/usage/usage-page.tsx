export default function UsagePage() {
  return <main className="page" id="main" />
}
