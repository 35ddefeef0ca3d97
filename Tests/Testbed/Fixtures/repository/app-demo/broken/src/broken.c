int main(void)
{
    return never_declared;
}
