export default function RequestPage() {
  return <main className="page" id="main" />
}
