export default function AccountPage() {
  return <main className="page" id="main" />
}
