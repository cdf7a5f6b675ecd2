import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.security.spec.ECGenParameterSpec;
import java.util.Date;

import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.crmf.AttributeTypeAndValue;
import org.bouncycastle.asn1.crmf.CRMFObjectIdentifiers;
import org.bouncycastle.asn1.crmf.CertReqMsg;
import org.bouncycastle.asn1.crmf.PKMACValue;
import org.bouncycastle.asn1.crmf.ProofOfPossession;
import org.bouncycastle.asn1.crmf.SubsequentMessage;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.crmf.CertificateRequestMessage;
import org.bouncycastle.cert.crmf.CertificateRequestMessageBuilder;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.RegTokenControl;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Writes one CertReqMsg for each form of proof, by Bouncy Castle's own builders. */
public class MakeCrmf {
    static Path out;
    static KeyPair ec, rsa;
    static SubjectPublicKeyInfo ecKey, rsaKey;
    static final X500Name SUBJECT = new X500Name("C=JP,O=Example,CN=mast-1");

    static void save(String name, CertificateRequestMessage message) throws Exception {
        Files.write(out.resolve(name + ".der"), message.toASN1Structure().getEncoded("DER"));
    }

    static CertificateRequestMessageBuilder builder(long id) {
        return new CertificateRequestMessageBuilder(BigInteger.valueOf(id));
    }

    static ContentSigner signer() throws Exception {
        return new JcaContentSignerBuilder("SHA256withECDSA").setProvider("BC").build(ec.getPrivate());
    }

    static PKMACBuilder mac() throws Exception {
        PKMACBuilder builder = new PKMACBuilder(new JcePKMACValuesCalculator());
        return builder.setIterationCount(1000).setSaltLength(16);
    }

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        out = Path.of(arguments[0]);
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "BC");
        generator.initialize(new ECGenParameterSpec("P-256"));
        ec = generator.generateKeyPair();
        generator = KeyPairGenerator.getInstance("RSA", "BC");
        generator.initialize(2048);
        rsa = generator.generateKeyPair();
        ecKey = SubjectPublicKeyInfo.getInstance(ec.getPublic().getEncoded());
        rsaKey = SubjectPublicKeyInfo.getInstance(rsa.getPublic().getEncoded());

        save("bc-signature", builder(7).setPublicKey(ecKey).setSubject(SUBJECT)
            .setProofOfPossessionSigningKeySigner(signer()).build());
        save("bc-null-dn", builder(0).setPublicKey(ecKey).setSubject(new X500Name(new org.bouncycastle.asn1.x500.RDN[0]))
            .setProofOfPossessionSigningKeySigner(signer()).build());
        save("bc-full", builder(4294967295L).setPublicKey(ecKey).setSubject(SUBJECT)
            .setIssuer(new X500Name("CN=CA"))
            .setValidity(new Date(1767225600000L), new Date(4102444800000L))
            .addExtension(Extension.subjectAlternativeName, false,
                new GeneralNames(new GeneralName(GeneralName.dNSName, "mast-1.example")))
            .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
            .addControl(new RegTokenControl("not-a-secret"))
            .setProofOfPossessionSigningKeySigner(signer()).build());
        save("bc-sender", builder(1).setPublicKey(ecKey).setAuthInfoSender(SUBJECT)
            .setProofOfPossessionSigningKeySigner(signer()).build());
        save("bc-mac", builder(1).setPublicKey(ecKey)
            .setAuthInfoPKMAC(mac(), "correct horse battery".toCharArray())
            .setProofOfPossessionSigningKeySigner(signer()).build());
        save("bc-encr-cert", builder(1).setPublicKey(rsaKey).setSubject(SUBJECT)
            .setProofOfPossessionSubsequentMessage(SubsequentMessage.encrCert).build());
        save("bc-challenge", builder(1).setPublicKey(rsaKey).setSubject(SUBJECT)
            .setProofOfPossessionSubsequentMessage(SubsequentMessage.challengeResp).build());
        save("bc-agreement-challenge", builder(1).setPublicKey(ecKey).setSubject(SUBJECT)
            .setProofOfPossessionSubsequentMessage(ProofOfPossession.TYPE_KEY_AGREEMENT,
                SubsequentMessage.challengeResp).build());
        save("bc-agree-mac", builder(1).setPublicKey(ecKey).setSubject(SUBJECT)
            .setProofOfPossessionAgreeMAC(new PKMACValue(
                new AlgorithmIdentifier(PKCSObjectIdentifiers.id_hmacWithSHA256),
                new DERBitString(new byte[32]))).build());
        save("bc-ra-verified", builder(1).setPublicKey(ecKey).setSubject(SUBJECT)
            .setProofOfPossessionRaVerified().build());
        save("bc-absent", builder(1).setPublicKey(ecKey).setSubject(SUBJECT).build());
        save("bc-keygen", builder(1).setSubject(SUBJECT).build());

        CertificateRequestMessage signed = builder(3).setPublicKey(ecKey).setSubject(SUBJECT)
            .setProofOfPossessionSigningKeySigner(signer()).build();
        CertReqMsg inner = signed.toASN1Structure();
        AttributeTypeAndValue pairs = new AttributeTypeAndValue(
            CRMFObjectIdentifiers.id_pkip.branch("2.1"), new DERUTF8String("version?1%"));
        Files.write(out.resolve("bc-reg-info.der"), new CertReqMsg(inner.getCertReq(),
            inner.getPop(), new AttributeTypeAndValue[] {pairs}).getEncoded("DER"));
    }
}
